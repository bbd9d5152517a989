/*
 * From runs to the convoy's figures, and to JSON. How it looks is
 * convoy_print.c's affair.
 *
 * Pure.
 */
#include "client/convoy.h"

#include <math.h>

#include "client/operations.h"
#include "client/report.h"

double
convoy_predict(double service_ns, uint64_t interval_us, uint32_t r)
{
	return 1e9 / (service_ns + (double)r * (double)interval_us * 1e3);
}

/* Whom the io task of one run waited for. */
static void
add_blame(struct convoy_blame *sum, const struct run *run)
{
	uint64_t unknown_ns = run->result.timing.lock_wait_ns;

	for (uint32_t i = 0; i < run->result.n_tasks; i++) {
		const struct lock_blame *blame = &run->result.tasks[i].blame;
		uint64_t known_ns = blame->others_ns;

		sum->others_ns += blame->others_ns;
		for (uint32_t j = 0; j < blame->n_blockers; j++) {
			const struct lock_blocker *blocker =
			    &blame->blockers[j];

			known_ns += blocker->wait_ns;
			if (blocker->label.job[0] == run->company.job.high &&
			    blocker->label.job[1] == run->company.job.low &&
			    blocker->label.task < CONVOY_MAX_TASKS)
				sum->tasks_ns[blocker->label.task] +=
				    blocker->wait_ns;
			else
				sum->others_ns += blocker->wait_ns;
		}
		unknown_ns -= known_ns < unknown_ns ? known_ns : unknown_ns;
	}
	sum->nobody_ns += unknown_ns;
}

static int
settle_point(struct convoy_point *point, const struct run runs[], size_t n_runs)
{
	struct histogram histogram =
	    operations_histogram(runs, n_runs, point->arm);
	uint64_t wait_ns = 0, wall_ns = 0;

	for (size_t i = 0; i < n_runs; i++) {
		if (runs[i].arm != point->arm)
			continue;
		wait_ns += runs[i].result.timing.lock_wait_ns;
		wall_ns += runs[i].result.timing.wall_ns;
		add_blame(&point->blame, &runs[i]);
	}
	point->wait_share = wall_ns > 0 ? (double)wait_ns / (double)wall_ns : 0;
	point->p50_ns = histogram_quantile(&histogram, 0.5);
	point->p99_ns = histogram_quantile(&histogram, 0.99);
	if (operations_estimate(runs, n_runs, point->arm, operations_per_second,
		&point->operations) == -1)
		return -1;
	return operations_estimate(
	    runs, n_runs, point->arm, operations_company_rate, &point->rate);
}

int
convoy_settle(struct convoy *convoy, const struct run runs[], size_t n_runs)
{
	for (size_t i = 0; i < convoy->n_lines; i++) {
		struct convoy_line *line = &convoy->lines[i];
		double alone;

		for (size_t j = 0; j < line->n_points; j++)
			if (settle_point(&line->points[j], runs, n_runs) == -1)
				return -1;
		alone = line->points[0].operations.value;
		for (size_t j = 0; j < line->n_points; j++)
			line->points[j].predicted =
			    line->interval_us > 0 && alone > 0
			    ? convoy_predict(
				  1e9 / alone, line->interval_us, (uint32_t)j)
			    : NAN;
	}
	return 0;
}

static json_t *
blame_to_json(const struct convoy_blame *blame, size_t n_tasks)
{
	json_t *tasks = json_array();

	for (size_t i = 0; i < n_tasks; i++)
		if (json_array_append_new(tasks,
			json_integer((json_int_t)blame->tasks_ns[i])) == -1) {
			json_decref(tasks);
			return NULL;
		}
	return json_pack("{s:o, s:I, s:I}", "tasks_ns", tasks, "others_ns",
	    (json_int_t)blame->others_ns, "nobody_ns",
	    (json_int_t)blame->nobody_ns);
}

static json_t *
line_to_json(const struct convoy_line *line)
{
	json_t *points = json_array();

	for (size_t i = 0; i < line->n_points; i++) {
		const struct convoy_point *point = &line->points[i];

		if (json_array_append_new(points,
			json_pack("{s:I, s:o, s:o, s:f, s:I, s:I, s:o, s:o}",
			    "cpu_tasks", (json_int_t)i, "operations_per_s",
			    report_estimate(point->operations),
			    "predicted_per_s",
			    isfinite(point->predicted)
				? json_real(point->predicted)
				: json_null(),
			    "lock_wait_share", point->wait_share, "p50_ns",
			    (json_int_t)point->p50_ns, "p99_ns",
			    (json_int_t)point->p99_ns, "turns_per_s",
			    report_estimate(point->rate), "blame",
			    blame_to_json(&point->blame, i))) == -1) {
			json_decref(points);
			return NULL;
		}
	}
	return json_pack("{s:s, s:I, s:o}", "pool", line->pool->name,
	    "interval_us", (json_int_t)line->interval_us, "points", points);
}

json_t *
convoy_to_json(const struct convoy *convoy, const struct experiment *experiment)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < convoy->n_lines; i++)
		if (json_array_append_new(
			lines, line_to_json(&convoy->lines[i])) == -1) {
			json_decref(lines);
			return NULL;
		}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
	    "cpu_tasks", (json_int_t)convoy->cpu_tasks, "cost_ns",
	    (json_int_t)convoy->cost_ns, "io_every",
	    (json_int_t)convoy->io_every, "io_for_us",
	    (json_int_t)convoy->io_for_us, "rounds",
	    (json_int_t)experiment->rounds, "seed",
	    (json_int_t)experiment->seed, "warm_up_ms",
	    (json_int_t)EXPERIMENT_WARM_UP_MS, "lines", lines, "weather",
	    weather_to_json(&experiment->weather));
}
