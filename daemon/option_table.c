/*
 * The two tables of options, and what follows from the rows alone. Constants
 * and pure functions.
 */
#include "daemon/option_table.h"

#include <string.h>

#include "daemon/clock.h"
#include "proto/nearest.h"

static const char *
kind_name(uint64_t kind)
{
	return kind <= POOL_PROCESSES ? pool_kind_name((enum pool_kind)kind)
				      : NULL;
}

static const char *
policy_name(uint64_t policy)
{
	return policy < GIL_POLICY_COUNT
	    ? gil_policy_name((enum gil_policy)policy)
	    : NULL;
}

#define FIELD(record, member)                      \
	.offset = offsetof(struct record, member), \
	.width = sizeof(((struct record *)NULL)->member)

static const struct option_row settings_rows[] = {
    {
	.name = "listen",
	.type = OPTION_ADDRESSES,
	.initial = SETTINGS_DEFAULT_LISTEN,
	.meaning = "where clients connect; [IPV6]:PORT, unix:PATH too",
    },
    {
	.name = "allow_remote",
	.type = OPTION_BOOLEAN,
	FIELD(settings, allow_remote),
	.max = true,
	.initial = "false",
	.meaning = "listen beyond this machine too",
    },
    {
	.name = "frontends",
	.type = OPTION_INTEGER,
	FIELD(settings, frontends),
	.min = 1,
	.max = SETTINGS_MAX_FRONTENDS,
	.initial = "2",
	.meaning = "processes that serve clients",
    },
    {
	.name = "max_connections",
	.type = OPTION_INTEGER,
	FIELD(settings, max_connections),
	.min = 1,
	.max = 1000000,
	.initial = "4096",
	.meaning = "connections of a frontend",
    },
    {
	.name = "max_jobs",
	.type = OPTION_INTEGER,
	FIELD(settings, max_jobs),
	.min = 1,
	.max = 1000000,
	.initial = "16384",
	.meaning = "unfinished jobs of a frontend",
    },
    {
	.name = "max_in_flight",
	.type = OPTION_INTEGER,
	FIELD(settings, max_in_flight),
	.min = 1,
	.max = 1000000,
	.initial = "4096",
	.meaning = "unfinished jobs of a connection",
    },
    {
	.name = "max_batch",
	.type = OPTION_INTEGER,
	FIELD(settings, max_batch),
	.min = 1,
	.max = 100000,
	.initial = "1000",
	.meaning = "requests of a batch",
    },
    {
	.name = "max_workers",
	.type = OPTION_INTEGER,
	FIELD(settings, max_workers),
	.min = 1,
	.max = 1024,
	.initial = "64",
	.meaning = "parts of a job",
    },
    {
	.name = "max_line",
	.type = OPTION_SIZE,
	FIELD(settings, max_line_bytes),
	.min = KIB,
	.max = 64 * MIB,
	.initial = "1M",
	.meaning = "the longest line of a client",
    },
    {
	.name = "max_unsent",
	.type = OPTION_SIZE,
	FIELD(settings, max_unsent_bytes),
	.min = KIB,
	.max = GIB,
	.initial = "1M",
	.meaning = "bytes that a client may leave unread",
    },
    {
	.name = "max_attempts",
	.type = OPTION_INTEGER,
	FIELD(settings, max_attempts),
	.min = 1,
	.max = 100,
	.initial = "3",
	.meaning = "starts of a task whose executors die",
    },
    {
	.name = "drain_timeout",
	.type = OPTION_DURATION,
	FIELD(settings, drain_timeout_ns),
	.max = 24 * 3600 * NS_PER_S,
	.initial = "30s",
	.meaning = "time that stopping leaves to jobs",
    },
};

static const struct option_row pool_rows[] = {
    {
	.name = "kind",
	.type = OPTION_CHOICE,
	FIELD(pool_settings, kind),
	.max = POOL_PROCESSES,
	.choice_name = kind_name,
	.meaning = "what runs its tasks",
    },
    {
	.name = "size",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, size),
	.min = 1,
	.max = SETTINGS_MAX_POOL_SIZE,
	.meaning = "4 threads, or a process a CPU",
    },
    {
	.name = "policy",
	.type = OPTION_CHOICE,
	FIELD(pool_settings, policy),
	.max = GIL_POLICY_COUNT - 1,
	.choice_name = policy_name,
	.scope = SCOPE_LOCK,
	.initial = "interval",
	.meaning = "how its threads share the lock",
    },
    {
	.name = "interval_us",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, interval_us),
	.min = 1,
	.max = SETTINGS_MAX_INTERVAL_US,
	.scope = SCOPE_INTERVAL,
	.initial = "5000",
	.meaning = "when a waiter asks for the lock",
    },
    {
	.name = "force",
	.type = OPTION_BOOLEAN,
	FIELD(pool_settings, force),
	.max = true,
	.scope = SCOPE_INTERVAL,
	.initial = "true",
	.meaning = "who yields waits for a switch",
    },
};

#define N_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

_Static_assert(N_ROWS(settings_rows) <= OPTION_MAX_ROWS &&
	N_ROWS(pool_rows) <= OPTION_MAX_ROWS,
    "what was given fits a mask of 32 bits");

const struct option_table settings_table = {
    settings_rows, N_ROWS(settings_rows)};
const struct option_table pool_table = {pool_rows, N_ROWS(pool_rows)};

const struct option_row *
option_find(const struct option_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_rows; i++) {
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	}
	return NULL;
}

/* "there are a, b and c", cut if there is no room for all. */
static void
list_names(const char *const names[], size_t n, char *text, size_t room)
{
	size_t length = (size_t)snprintf(text, room, "there are ");

	for (size_t i = 0; i < n && length < room; i++) {
		const char *before = i == 0 ? "" : i < n - 1 ? ", " : " and ";

		length += (size_t)snprintf(
		    text + length, room - length, "%s%s", before, names[i]);
	}
}

int
option_complain_unknown(const struct option_table *table, const char *prefix,
    const char *name, char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	const char *names[OPTION_MAX_ROWS], *nearest;
	int length = snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
	    "unknown option \"%.80s%.64s\": ", prefix, name);
	char *rest = complaint + length;
	size_t room = OPTION_COMPLAINT_CHARS + 1 - (size_t)length;

	for (size_t i = 0; i < table->n_rows; i++)
		names[i] = table->rows[i].name;
	nearest = nearest_name(name, names, table->n_rows);
	if (nearest != NULL)
		snprintf(rest, room, "did you mean \"%s%s\"?", prefix, nearest);
	else if (table == &settings_table &&
	    option_find(&pool_table, name) != NULL)
		snprintf(
		    rest, room, "it is a pool's, as in pool.threads.%s", name);
	else
		list_names(names, table->n_rows, rest, room);
	return -1;
}

uint32_t
option_bit(const struct option_table *table, const struct option_row *row)
{
	return UINT32_C(1) << (row - table->rows);
}

int
option_check_pool_name(
    const char *name, char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	if (pool_name_is_valid(name))
		return 0;
	snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
	    "\"%.64s\" cannot be a pool's name: write 1 to %d of a-z, 0-9, - "
	    "and _, a letter first",
	    name, POOL_NAME_CHARS);
	return -1;
}

bool
option_applies(const struct option_row *row, const struct pool_settings *pool)
{
	switch (row->scope) {
	case SCOPE_LOCK:
		return pool->kind == POOL_THREADS;
	case SCOPE_INTERVAL:
		return pool->kind == POOL_THREADS &&
		    pool->policy == GIL_INTERVAL;
	default:
		return true;
	}
}

int
option_check_pool(const struct pool_settings *pool,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	for (size_t i = 0; i < pool_table.n_rows; i++) {
		const struct option_row *row = &pool_rows[i];

		if ((pool->given & option_bit(&pool_table, row)) == 0 ||
		    option_applies(row, pool))
			continue;
		snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
		    pool->kind == POOL_PROCESSES
			? "pool.%s.%s: worker processes share no lock, so a "
			  "pool of kind processes takes no %s"
			: "pool.%s.%s: under policy hold nobody asks for the "
			  "lock, so it takes no %s",
		    pool->name, row->name, row->name);
		return -1;
	}
	return 0;
}
