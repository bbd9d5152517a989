/*
 * What gilctl stats tells of locks: how each one is used, what its tasks went
 * through, who waited for whom, and what recording costs.
 *
 * A pool that has ended no task yet has nothing but zeros, and people have
 * often eight of those: they are left out. So are pools of which no thread can
 * wait for another, and counters that are zero everywhere. CSV and --all have
 * them.
 */
#include "client/show_locks.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/show.h"
#include "client/table.h"
#include "client/units.h"
#include "proto/lockwire.h"

#define POOLS_A_TABLE 5 /* that fit 80 columns */
#define MAX_PAIRS 4	/* of each pool, where not all are wanted */
#define PPM 1000000.0

static enum outcome
print_table(const struct context *context, struct table *table)
{
	enum outcome outcome = show_table(context, table);

	fputc('\n', context->out.stream);
	return outcome;
}

static const json_t *
lock_of(const json_t *pool)
{
	const json_t *lock = json_object_get(pool, "lock");

	return json_is_object(lock) ? lock : NULL;
}

/* No two threads share a lock of it: there is nobody to wait for. */
static bool
is_free(const json_t *pool)
{
	const json_t *domains = json_object_get(lock_of(pool), "domains");
	const json_t *domain;
	size_t i;

	json_array_foreach (domains, i, domain)
		if (show_number(domain, "threads") > 1)
			return false;
	return json_array_size(domains) > 1;
}

static void
add_share(struct table *table, const json_t *object, const char *name)
{
	uint64_t ppm = show_number(object, name);

	table_count(table, ppm, "%s", units_percent((double)ppm / PPM).text);
}

/* --- how the locks are used --- */

static void
add_domain(struct table *table, const json_t *pool, const json_t *domain)
{
	const char *name = show_text(pool, "name");
	size_t n = json_array_size(json_object_get(lock_of(pool), "domains"));
	uint64_t number = show_number(domain, "domain");
	uint64_t waiters = show_number(domain, "mean_waiters_milli");
	uint64_t fairness = show_number(domain, "fairness_ppm");

	if (n > 1)
		table_word(table, name, "%s, %" PRIu64, name, number);
	else
		table_cell(table, "%s", name);
	table_count(table, number, "%s", "");
	show_count(table, show_number(domain, "threads"));
	show_duration(table, show_number(domain, "held_ns"));
	add_share(table, domain, "held_ppm");
	add_share(table, domain, "contended_ppm");
	table_count(table, waiters, "%.2f", (double)waiters / 1000);
	show_count(table, show_number(domain, "switches"));
	show_count(table, show_number(domain, "switches_per_s"));
	add_share(table, domain, "battles_lost_ppm");
	table_count(table, fairness, "%.2f", (double)fairness / PPM);
}

static enum outcome
show_domains(const struct context *context, const json_t *pools, bool is_all)
{
	struct table *table = table_new();
	const json_t *pool, *domain;
	size_t i, j, n = 0;

	table_column_named(table, TABLE_LEFT, "lock", "lock");
	table_column_named(table, TABLE_MACHINE, "", "domain");
	table_column(table, TABLE_RIGHT, "threads");
	table_column_named(table, TABLE_RIGHT, "held", "held_ns");
	table_column_named(table, TABLE_MACHINE, "", "held_ppm");
	table_column_named(table, TABLE_RIGHT, "contended", "contended_ppm");
	table_column_named(table, TABLE_RIGHT, "waiters", "mean_waiters_milli");
	table_column_named(table, TABLE_MACHINE, "", "switches");
	table_column_named(table, TABLE_RIGHT, "switches/s", "switches_per_s");
	table_column_named(table, TABLE_RIGHT, "lost", "battles_lost_ppm");
	table_column_named(table, TABLE_RIGHT, "fair", "fairness_ppm");
	json_array_foreach (pools, i, pool) {
		json_array_foreach (
		    json_object_get(lock_of(pool), "domains"), j, domain) {
			if (!is_all &&
			    (is_free(pool) ||
				show_number(domain, "held_ns") == 0))
				continue;
			add_domain(table, pool, domain);
			n++;
		}
	}
	if (n > 0)
		return print_table(context, table);
	table_free(table);
	return OUTCOME_FINE;
}

/* --- what tasks went through --- */

struct figure {
	const char *name; /* of the counter, or of the histogram */
	const char *label;
	const char *csv; /* where the name is not enough; or NULL */
	bool is_duration;
	double quantile; /* of a histogram; or 0 */
};

static const struct figure figures[] = {
    {"acquisitions", "acquisitions", NULL, false, 0},
    {"switches", "switches", NULL, false, 0},
    {"drop_requests", "drop requests", NULL, false, 0},
    {"honoured", "  honoured", NULL, false, 0},
    {"superseded", "  superseded", NULL, false, 0},
    {"missed", "  missed", NULL, false, 0},
    {"battles", "battles", NULL, false, 0},
    {"battles_lost", "  lost", NULL, false, 0},
    {"held_ns", "held", NULL, true, 0},
    {"hold", "  half within", "hold_median_ns", true, 0.5},
    {"hold", "  99 % within", "hold_p99_ns", true, 0.99},
    {"longest_hold_ns", "  longest", NULL, true, 0},
    {"wait_ns", "waited", NULL, true, 0},
    {"wait", "  half within", "wait_median_ns", true, 0.5},
    {"wait", "  99 % within", "wait_p99_ns", true, 0.99},
    {"longest_wait_ns", "  longest", NULL, true, 0},
    {"switch_wait_ns", "waited for switch", NULL, true, 0},
    {"longest_wakeup_ns", "latest wake-up", NULL, true, 0},
    {"longest_safepoint_ns", "latest safepoint", NULL, true, 0},
    {"native_ns", "native", NULL, true, 0},
    {"io_ns", "io", NULL, true, 0},
};
#define N_FIGURES (sizeof(figures) / sizeof(figures[0]))

/* 0 where the server does not tell. */
static uint64_t
read_quantile(const json_t *lock, const struct figure *figure)
{
	struct lock_histograms histograms;
	struct rpc_error error;

	if (lock_histograms_from_json(json_object_get(lock, "histograms"), "",
		&histograms, &error) != 0)
		return 0;
	return histogram_quantile(
	    figure->name[0] == 'h' ? &histograms.hold : &histograms.wait,
	    figure->quantile);
}

static uint64_t
read_figure(const json_t *lock, const struct figure *figure)
{
	return figure->quantile > 0 ? read_quantile(lock, figure)
				    : show_number(lock, figure->name);
}

static void
add_figure(struct table *table, const json_t *lock, const struct figure *figure)
{
	uint64_t value = read_figure(lock, figure);

	if (figure->is_duration)
		show_duration(table, value);
	else
		show_count(table, value);
}

/* One column a lock, one row a figure. */
static enum outcome
show_figures(const struct context *context, const json_t *const some[],
    size_t n, bool is_all)
{
	struct table *table = table_new();

	table_column_named(table, TABLE_LEFT, "ended tasks", "figure");
	for (size_t i = 0; i < n; i++)
		table_column(table, TABLE_RIGHT, show_text(some[i], "name"));
	for (size_t i = 0; i < N_FIGURES; i++) {
		const struct figure *figure = &figures[i];
		uint64_t sum = 0;

		for (size_t j = 0; j < n; j++)
			sum += read_figure(lock_of(some[j]), figure);
		if (sum == 0 && !is_all)
			continue;
		table_word(table,
		    figure->csv != NULL ? figure->csv : figure->name, "%s",
		    figure->label);
		for (size_t j = 0; j < n; j++)
			add_figure(table, lock_of(some[j]), figure);
	}
	return print_table(context, table);
}

/* For people in tables that fit a terminal, for programs in one. */
static enum outcome
show_all_figures(
    const struct context *context, const json_t *pools, bool is_all)
{
	const json_t *some[TABLE_MAX_COLUMNS - 1];
	size_t n = 0, i;
	size_t at_once = context->format == FORMAT_TEXT ? POOLS_A_TABLE
							: TABLE_MAX_COLUMNS - 1;
	enum outcome outcome = OUTCOME_FINE;
	const json_t *pool;

	json_array_foreach (pools, i, pool) {
		if (lock_of(pool) == NULL ||
		    (!is_all &&
			(is_free(pool) ||
			    show_number(lock_of(pool), "acquisitions") == 0)))
			continue;
		some[n++] = pool;
		if (n < at_once)
			continue;
		outcome = show_figures(context, some, n, is_all);
		n = 0;
		if (outcome != OUTCOME_FINE)
			return outcome;
	}
	return n > 0 ? show_figures(context, some, n, is_all) : OUTCOME_FINE;
}

/* --- who waited for whom --- */

static enum outcome
show_blocked(const struct context *context, const json_t *pools, bool is_all)
{
	struct table *table = table_new();
	const json_t *pool, *pair;
	size_t i, j, n = 0;

	table_column(table, TABLE_LEFT, "waited");
	table_column_named(table, TABLE_RIGHT, "thread", "waiter");
	table_column_named(table, TABLE_RIGHT, "for thread", "holder");
	table_column_named(table, TABLE_RIGHT, "in all", "wait_ns");
	json_array_foreach (pools, i, pool) {
		const char *name = show_text(pool, "name");

		json_array_foreach (
		    json_object_get(lock_of(pool), "blocked"), j, pair) {
			if (!is_all && j == MAX_PAIRS)
				break;
			table_word(table, name, "%s", j == 0 ? name : "");
			table_cell(
			    table, "%" PRIu64, show_number(pair, "waiter"));
			table_cell(
			    table, "%" PRIu64, show_number(pair, "holder"));
			show_duration(table, show_number(pair, "wait_ns"));
			n++;
		}
	}
	if (n > 0 || is_all)
		return print_table(context, table);
	table_free(table);
	return OUTCOME_FINE;
}

/* --- what recording costs --- */

static enum outcome
show_events(const struct context *context, const json_t *pools, bool is_all)
{
	struct table *table = table_new();
	const json_t *pool;
	size_t i, n = 0;

	table_column_named(table, TABLE_LEFT, "events", "pool");
	table_column_named(table, TABLE_LEFT, "", "is_recording");
	table_column_named(table, TABLE_RIGHT, "recorded", "recorded");
	table_column_named(table, TABLE_RIGHT, "overhead", "overhead_ppm");
	json_array_foreach (pools, i, pool) {
		const json_t *events = json_object_get(lock_of(pool), "events");
		bool is_on =
		    json_is_true(json_object_get(events, "is_recording"));

		if (lock_of(pool) == NULL ||
		    (!is_all && !is_on && show_number(events, "recorded") == 0))
			continue;
		table_cell(table, "%s", show_text(pool, "name"));
		table_word(
		    table, is_on ? "true" : "false", is_on ? "on" : "off");
		show_count(table, show_number(events, "recorded"));
		add_share(table, events, "overhead_ppm");
		n++;
	}
	if (n > 0 || is_all)
		return print_table(context, table);
	table_free(table);
	return OUTCOME_FINE;
}

enum outcome
show_locks(const struct context *context, const json_t *pools, bool is_all)
{
	const json_t *pool;
	size_t i, n_locks = 0;
	enum outcome outcome;

	json_array_foreach (pools, i, pool)
		n_locks += lock_of(pool) != NULL;
	if (n_locks == 0)
		return OUTCOME_FINE;
	outcome = show_domains(context, pools, is_all);
	if (outcome == OUTCOME_FINE)
		outcome = show_all_figures(context, pools, is_all);
	if (outcome == OUTCOME_FINE)
		outcome = show_blocked(context, pools, is_all);
	if (outcome == OUTCOME_FINE)
		outcome = show_events(context, pools, is_all);
	return outcome;
}
