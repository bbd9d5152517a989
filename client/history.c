/*
 * Pools come in the order of their first job. Only a job that was done says how
 * long such a job takes; the others are counted.
 */
#include "client/history.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/show.h"
#include "client/statistics.h"
#include "client/units.h"

#define WIDE_RATIO 30 /* from here on an axis is logarithmic */

static struct history_pool *
find_pool(struct history *history, const char *name)
{
	for (size_t i = 0; i < history->n_pools; i++)
		if (strcmp(history->pools[i].name, name) == 0)
			return &history->pools[i];
	if (history->n_pools == HISTORY_MAX_POOLS)
		return NULL;
	history->pools[history->n_pools].name = name;
	return &history->pools[history->n_pools++];
}

static void
count_job(struct history *history, const struct job_record *job)
{
	struct history_pool *pool = find_pool(history, job->request.pool);

	if (pool == NULL) {
		history->n_left_out++;
		return;
	}
	pool->n++;
	pool->n_done += job->state == JOB_DONE;
	if (history->first_ms == 0 || job->ended_ms < history->first_ms)
		history->first_ms = job->ended_ms;
	if (job->ended_ms > history->last_ms)
		history->last_ms = job->ended_ms;
}

/* What the chart's axis of time counts in. */
struct unit {
	uint64_t ms;
	const char *name;
};

static const struct unit *
unit_of(const struct history *history)
{
	static const struct unit units[] = {{86400000, "days"},
	    {3600000, "hours"}, {60000, "minutes"}, {1000, "seconds"}};
	uint64_t span_ms = history->last_ms - history->first_ms;
	size_t i = 0;

	while (i < 3 && span_ms < 3 * units[i].ms)
		i++;
	return &units[i];
}

/* The figures of one pool, of which at least one job was done. */
static int
read_pool(const struct history *history, struct history_pool *pool,
    const struct ledger *ledger)
{
	uint64_t *wall_ns = calloc(pool->n_done, sizeof(*wall_ns));
	uint64_t *queue_ns = calloc(pool->n_done, sizeof(*queue_ns));
	size_t n = 0;
	int status = -1;

	pool->points = calloc(pool->n_done, sizeof(*pool->points));
	if (wall_ns == NULL || queue_ns == NULL || pool->points == NULL)
		goto out;
	for (size_t i = 0; i < ledger->n; i++) {
		const struct job_record *job = &ledger->jobs[i];

		if (job->state != JOB_DONE ||
		    strcmp(job->request.pool, pool->name) != 0)
			continue;
		wall_ns[n] = job->timing.wall_ns;
		queue_ns[n] = job->timing.queue_ns;
		pool->points[n++] = (struct chart_point){
		    .x = estimate_exact(
			(double)(job->ended_ms - history->first_ms) /
			(double)unit_of(history)->ms),
		    .y = estimate_exact((double)job->timing.wall_ns),
		};
	}
	pool->n_points = n;
	pool->wall_ns = sample_take(wall_ns, n); /* sorts them */
	pool->queue_ns = sample_take(queue_ns, n);
	pool->wall_90_ns = wall_ns[(n * 9 + 9) / 10 - 1];
	status = 0;
out:
	free(wall_ns);
	free(queue_ns);
	return status;
}

int
history_read(struct history *history, const struct ledger *ledger)
{
	*history = (struct history){0};
	for (size_t i = 0; i < ledger->n; i++)
		count_job(history, &ledger->jobs[i]);
	for (size_t i = 0; i < history->n_pools; i++)
		if (history->pools[i].n_done > 0 &&
		    read_pool(history, &history->pools[i], ledger) == -1)
			return -1;
	return 0;
}

void
history_free(struct history *history)
{
	for (size_t i = 0; i < history->n_pools; i++)
		free(history->pools[i].points);
	*history = (struct history){0};
}

static void
add_duration(struct table *table, const struct history_pool *pool, uint64_t ns)
{
	if (pool->n_done > 0)
		show_duration(table, ns);
	else
		table_word(table, "", "-");
}

struct table *
history_make_table(const struct history *history)
{
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "pool");
	table_column(table, TABLE_RIGHT, "done");
	table_column(table, TABLE_RIGHT, "not done");
	table_column(table, TABLE_RIGHT, "fastest");
	table_column(table, TABLE_RIGHT, "median");
	table_column(table, TABLE_RIGHT, "90 %");
	table_column(table, TABLE_RIGHT, "slowest");
	table_column(table, TABLE_RIGHT, "queued");
	for (size_t i = 0; i < history->n_pools; i++) {
		const struct history_pool *pool = &history->pools[i];

		table_cell(table, "%s", pool->name);
		show_count(table, pool->n_done);
		show_count(table, pool->n - pool->n_done);
		add_duration(table, pool, pool->wall_ns.min);
		add_duration(table, pool, pool->wall_ns.median);
		add_duration(table, pool, pool->wall_90_ns);
		add_duration(table, pool, pool->wall_ns.max);
		add_duration(table, pool, pool->queue_ns.median);
	}
	return table;
}

/* Whether the greatest figure is so many times the least. */
static bool
is_wide(const struct history *history)
{
	uint64_t least = UINT64_MAX, greatest = 0;

	for (size_t i = 0; i < history->n_pools; i++) {
		const struct history_pool *pool = &history->pools[i];

		if (pool->n_done == 0)
			continue;
		if (pool->wall_ns.min < least)
			least = pool->wall_ns.min;
		if (pool->wall_ns.max > greatest)
			greatest = pool->wall_ns.max;
	}
	return least > 0 && greatest / least >= WIDE_RATIO;
}

struct chart
history_make_chart(struct history *history)
{
	time_t first = (time_t)(history->first_ms / 1000);
	struct tm tm = {0};
	char since[32] = "";
	size_t n = 0;

	localtime_r(&first, &tm);
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(history->axis, sizeof(history->axis), "%s after %s",
	    unit_of(history)->name, since);
	for (size_t i = 0; i < history->n_pools; i++) {
		if (history->pools[i].n_points == 0)
			continue;
		history->series[n] = (struct chart_series){
		    .name = history->pools[i].name,
		    .mark = CHART_POINTS,
		    .colour = (unsigned)n,
		    .points = history->pools[i].points,
		    .n_points = history->pools[i].n_points,
		};
		n++;
	}
	return (struct chart){
	    .title = "Wall time of jobs that were done",
	    .x = {history->axis, CHART_LINEAR, CHART_NUMBER, true},
	    .y = {"wall time", is_wide(history) ? CHART_LOG : CHART_LINEAR,
		CHART_DURATION, true},
	    .series = history->series,
	    .n_series = n,
	};
}
