/*
 * The options as a whole: defaults, single settings by name, what depends on
 * other options, and the effective configuration as text. Run by the command
 * line before there is any other process or thread.
 *
 * Which of a pool's options were written is noted in its `given`, a bit a row
 * of pool_table: only then can options_finish() tell a default from a value
 * that the pool's kind or policy has no use for.
 */
#include "daemon/options.h"

#include <sched.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/option.h"
#include "daemon/option_table.h"
#include "proto/nearest.h"

#define DEFAULT_THREADS 4
#define MIN_DEFAULT_PROCESSES 2
#define POOL_PREFIX "pool."
#define LINE_CHARS 76 /* less a blank, and parentheses */

static int __attribute__((format(printf, 2, 3)))
complain(char error[OPTIONS_ERROR_CHARS + 1], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, OPTIONS_ERROR_CHARS + 1, format, arguments);
	va_end(arguments);
	return -1;
}

/* A row's own default; the table's mistake if it is not right. */
static void
set_initial(const struct option_row *row, void *record)
{
	char complaint[OPTION_COMPLAINT_CHARS + 1];

	if (option_parse(row, row->initial, record, complaint) != 0)
		fatal("the default of %s %s", row->name, complaint);
}

/* A pool with all defaults but its size, which depends on its kind. */
static struct pool_settings *
add_pool(struct settings *settings, const char *name, enum pool_kind kind)
{
	struct pool_settings *pool = &settings->pools[settings->n_pools++];

	*pool = (struct pool_settings){.kind = kind};
	memcpy(pool->name, name, strlen(name) + 1); /* a valid name */
	for (size_t i = 0; i < pool_table.n_rows; i++) {
		const struct option_row *row = &pool_table.rows[i];

		if (row->initial != NULL)
			set_initial(row, pool);
	}
	return pool;
}

void
options_init(struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (size_t i = 0; i < settings_table.n_rows; i++) {
		const struct option_row *row = &settings_table.rows[i];

		if (row->type != OPTION_ADDRESSES)
			set_initial(row, settings);
	}
	add_pool(settings, "threads", POOL_THREADS);
	add_pool(settings, "processes", POOL_PROCESSES);
}

/* The pool of this name, made if that is what this option does. */
static struct pool_settings *
reach_pool(struct settings *settings, const char *name,
    const struct option_row *row, char error[OPTIONS_ERROR_CHARS + 1])
{
	const char *names[SETTINGS_MAX_POOLS], *nearest;
	char complaint[OPTION_COMPLAINT_CHARS + 1];

	for (size_t i = 0; i < settings->n_pools; i++) {
		names[i] = settings->pools[i].name;
		if (strcmp(names[i], name) == 0)
			return &settings->pools[i];
	}
	if (option_check_pool_name(name, complaint) != 0) {
		complain(error, "%s", complaint);
		return NULL;
	}
	if (row != &pool_table.rows[0]) {
		nearest = nearest_name(name, names, settings->n_pools);
		complain(error,
		    nearest != NULL
			? "pool.%s.%s: there is no pool \"%s\": did you mean "
			  "\"%s\"?"
			: "pool.%s.%s: there is no pool \"%s\": set "
			  "pool.%s.kind first",
		    name, row->name, name, nearest != NULL ? nearest : name);
		return NULL;
	}
	if (settings->n_pools == SETTINGS_MAX_POOLS) {
		complain(error,
		    "pool \"%s\" is one too many: there are at "
		    "most %d",
		    name, SETTINGS_MAX_POOLS);
		return NULL;
	}
	return add_pool(settings, name, POOL_THREADS);
}

/* rest is what follows "pool.". */
static int
set_in_pool(struct settings *settings, const char *rest, const char *value,
    char error[OPTIONS_ERROR_CHARS + 1])
{
	char complaint[OPTION_COMPLAINT_CHARS + 1];
	char name[POOL_NAME_CHARS + 2],
	    prefix[sizeof(name) + sizeof(POOL_PREFIX)];
	const char *dot = strchr(rest, '.');
	size_t n_pools = settings->n_pools;
	const struct option_row *row;
	struct pool_settings *pool;

	if (dot == NULL)
		return complain(error,
		    "unknown option \"pool.%.64s\": a pool's options are "
		    "written pool.NAME.OPTION, such as pool.threads.size",
		    rest);
	/* A name too long is cut to one that is still too long. */
	snprintf(name, sizeof(name), "%.*s", (int)(dot - rest), rest);
	row = option_find(&pool_table, dot + 1);
	if (row == NULL) {
		snprintf(prefix, sizeof(prefix), POOL_PREFIX "%s.", name);
		option_complain_unknown(
		    &pool_table, prefix, dot + 1, complaint);
		return complain(error, "%s", complaint);
	}
	pool = reach_pool(settings, name, row, error);
	if (pool == NULL)
		return -1;
	if (option_parse(row, value, pool, complaint) != 0) {
		settings->n_pools = n_pools;
		return complain(
		    error, "pool.%s.%s: %s", name, row->name, complaint);
	}
	pool->given |= option_bit(&pool_table, row);
	return 0;
}

int
options_set(struct settings *settings, const char *name, const char *value,
    char error[OPTIONS_ERROR_CHARS + 1])
{
	char complaint[OPTION_COMPLAINT_CHARS + 1];
	const struct option_row *row;

	if (strncmp(name, POOL_PREFIX, strlen(POOL_PREFIX)) == 0)
		return set_in_pool(
		    settings, name + strlen(POOL_PREFIX), value, error);
	row = option_find(&settings_table, name);
	if (row == NULL) {
		option_complain_unknown(&settings_table, "", name, complaint);
		return complain(error, "%s", complaint);
	}
	if (option_parse(row, value, settings, complaint) != 0)
		return complain(error, "%s: %s", name, complaint);
	return 0;
}

int
options_set_listen(struct settings *settings, const char *const texts[],
    size_t n_texts, char error[OPTIONS_ERROR_CHARS + 1])
{
	char complaint[OPTION_COMPLAINT_CHARS + 1];

	if (option_set_addresses(settings, texts, n_texts, complaint) != 0)
		return complain(error, "listen: %s", complaint);
	return 0;
}

/* One process a CPU that this process may use. */
static uint32_t
default_processes(void)
{
	cpu_set_t cpus;
	int n = MIN_DEFAULT_PROCESSES;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = CPU_COUNT(&cpus);
	if (n < MIN_DEFAULT_PROCESSES)
		n = MIN_DEFAULT_PROCESSES;
	return n < SETTINGS_MAX_POOL_SIZE ? (uint32_t)n
					  : SETTINGS_MAX_POOL_SIZE;
}

static bool
is_given(const struct pool_settings *pool, const char *name)
{
	return (pool->given &
		   option_bit(&pool_table, option_find(&pool_table, name))) !=
	    0;
}

/* A preset is a policy with defaults of its own. */
static void
finish_policy(struct pool_settings *pool)
{
	struct gil_parameters parameters = option_preset(pool);

	pool->policy = parameters.policy;
	if (!is_given(pool, "quantum_us"))
		pool->quantum_us = parameters.quantum_ns / NS_PER_US;
	if (!is_given(pool, "timer_us"))
		pool->timer_us = parameters.timer_ns / NS_PER_US;
}

static void
finish_pool(struct pool_settings *pool)
{
	if (pool->size == 0)
		pool->size = pool->kind == POOL_THREADS ? DEFAULT_THREADS
							: default_processes();
	finish_policy(pool);
}

/* 0, or -1 with complaint filled in. */
static int
check_pool(const struct pool_settings *pool,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	if (option_check_pool(pool, complaint) != 0)
		return -1;
	if (pool->kind == POOL_THREADS && pool->locks > pool->size) {
		snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
		    "pool.%s.locks: %u locks are too many for %u threads: "
		    "each needs a thread",
		    pool->name, pool->locks, pool->size);
		return -1;
	}
	return 0;
}

int
options_finish(struct settings *settings, char error[OPTIONS_ERROR_CHARS + 1])
{
	static const char *const listen[] = {SETTINGS_DEFAULT_LISTEN};
	char complaint[OPTION_COMPLAINT_CHARS + 1];

	if (settings->n_listen == 0 &&
	    options_set_listen(settings, listen, 1, error) != 0)
		return -1;
	for (size_t i = 0; i < settings->n_pools; i++) {
		struct pool_settings *pool = &settings->pools[i];

		finish_pool(pool);
		if (check_pool(pool, complaint) != 0)
			return complain(error, "%s", complaint);
	}
	return 0;
}

int
options_print(const struct settings *settings, FILE *out)
{
	for (size_t i = 0; i < settings_table.n_rows; i++) {
		const struct option_row *row = &settings_table.rows[i];

		fprintf(out, "%s = ", row->name);
		option_write(row, settings, out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < settings->n_pools; i++) {
		const struct pool_settings *pool = &settings->pools[i];

		fprintf(out, "\npool \"%s\" {\n", pool->name);
		for (size_t j = 0; j < pool_table.n_rows; j++) {
			const struct option_row *row = &pool_table.rows[j];

			if (!option_applies(row, pool))
				continue;
			fprintf(out, "\t%s = ", row->name);
			option_write(row, pool, out);
			fputc('\n', out);
		}
		fputs("}\n", out);
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

static void
describe_row(const char *prefix, const struct option_row *row, FILE *out)
{
	char bounds[OPTION_TEXT_CHARS + 1];
	int length = fprintf(out, "  %s%s%s%s", prefix, row->name,
	    row->initial == NULL ? "" : "=",
	    row->initial == NULL ? "" : row->initial);

	option_format_bounds(row, bounds);
	length = fprintf(
	    out, "%*s%s", OPTIONS_DESCRIBE_COLUMN - length, "", row->meaning);
	if (bounds[0] == '\0')
		fputc('\n', out);
	else if (OPTIONS_DESCRIBE_COLUMN + length + strlen(bounds) > LINE_CHARS)
		fprintf(
		    out, "\n%*s(%s)\n", OPTIONS_DESCRIBE_COLUMN, "", bounds);
	else
		fprintf(out, " (%s)\n", bounds);
}

void
options_describe(FILE *out)
{
	for (size_t i = 0; i < settings_table.n_rows; i++)
		describe_row("", &settings_table.rows[i], out);
	for (size_t i = 0; i < pool_table.n_rows; i++)
		describe_row("pool.NAME.", &pool_table.rows[i], out);
}
