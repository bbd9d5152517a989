/*
 * From the runs of an experiment to its rows, and to JSON. How it looks is
 * comparison_print.c's affair, what it means verdict.c's.
 *
 * A difference counts as seen only where chance is an unlikely cause: it is
 * larger than that between two series of the same thing, the interval of the
 * ratio does not reach 1, and, where there are enough runs for the test to say
 * so at all, Mann and Whitney say so too.
 *
 * Pure.
 */
#include "client/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/verdict.h"

#define SIGNIFICANCE 0.05

bool
row_has_lock(const struct row *row)
{
	return row->pool != NULL && roster_pool_has_lock(row->pool) &&
	    strcmp(row->name, "native") != 0;
}

uint32_t
comparison_parallel(const struct comparison *comparison, const struct row *row)
{
	uint32_t n = row->workers;

	if (row->pool->size < n)
		n = row->pool->size;
	if (comparison->cores < n && row->kind != ROW_SLEEP)
		n = comparison->cores;
	return n > 0 ? n : 1;
}

static double
figure_wall(const struct run *run)
{
	/* A job too short for the clock counts as one nanosecond. */
	return run->result.timing.wall_ns > 0
	    ? (double)run->result.timing.wall_ns
	    : 1;
}

static double
figure_cpu(const struct run *run)
{
	return (double)run->result.timing.cpu_ns;
}

static double
figure_lock_wait(const struct run *run)
{
	return (double)run->result.timing.lock_wait_ns;
}

static double
figure_switches(const struct run *run)
{
	return run->result.has_lock ? (double)run->result.lock.switches : 0;
}

/* A figure of all of a row's runs; returns how many. */
static size_t
row_figures(const struct row *row, const struct run runs[], size_t n_runs,
    double (*figure)(const struct run *run), double values[])
{
	size_t n = 0;

	for (size_t i = 0; i < row->n_arms; i++)
		n = run_figures(runs, n_runs, row->arms[i], figure, values, n);
	return n;
}

static void
row_settle(
    struct row *row, const struct run runs[], size_t n_runs, double room[])
{
	size_t n;

	row->n_walls =
	    row_figures(row, runs, n_runs, figure_wall, row->walls_ns);
	n = row_figures(row, runs, n_runs, figure_cpu, room);
	row->cpu_ns = (uint64_t)statistics_median(room, n);
	row_figures(row, runs, n_runs, figure_lock_wait, room);
	row->lock_wait_ns = (uint64_t)statistics_median(room, n);
	row_figures(row, runs, n_runs, figure_switches, room);
	row->switches = (uint64_t)statistics_median(room, n);
	for (size_t i = 0; i < n_runs; i++)
		for (size_t j = 0; j < row->n_arms; j++)
			if (runs[i].arm == row->arms[j]) {
				struct split split =
				    split_take(&runs[i].result);

				split_add(&row->split, &split);
			}
}

/* How much the two series of the first row differ. */
static double
find_noise_floor(const struct row *row, const struct run runs[], size_t n_runs,
    double room[])
{
	double medians[2];

	for (size_t i = 0; i < 2; i++) {
		size_t n = run_figures(
		    runs, n_runs, row->arms[i], figure_wall, room, 0);

		medians[i] = statistics_median(room, n);
	}
	return sample_distance((uint64_t)medians[0], (uint64_t)medians[1]);
}

int
comparison_settle(
    struct comparison *comparison, const struct run runs[], size_t n_runs)
{
	double *room = calloc(n_runs, sizeof(*room));
	int status = -1;

	if (room == NULL)
		return -1;
	for (size_t i = 0; i < comparison->n_rows; i++) {
		struct row *row = &comparison->rows[i];

		row->walls_ns = calloc(n_runs, sizeof(*row->walls_ns));
		if (row->walls_ns == NULL)
			goto out;
		row_settle(row, runs, n_runs, room);
	}
	comparison->noise_floor =
	    find_noise_floor(&comparison->rows[0], runs, n_runs, room);
	status = comparison_weigh(comparison);
out:
	free(room);
	return status;
}

/* Whether samples of these sizes can differ so much that the test says so. */
static bool
can_tell(size_t n_a, size_t n_b)
{
	double ways = 1; /* in which the ranks can fall: (a + b) over a */

	for (size_t i = 1; i <= n_a && ways < 1e6; i++)
		ways *= (double)(n_b + i) / (double)i;
	return 2 / ways < SIGNIFICANCE;
}

static int
weigh(const struct comparison *comparison, const struct row *row,
    const struct row *other, struct contrast *contrast)
{
	double distance;
	const struct estimate *speedup = &contrast->speedup;

	if (statistics_estimate_ratio(other->walls_ns, other->n_walls,
		row->walls_ns, row->n_walls, &contrast->speedup) == -1 ||
	    statistics_compare_ranks(row->walls_ns, row->n_walls,
		other->walls_ns, other->n_walls, &contrast->ranks) == -1)
		return -1;
	distance = 2 * fabs(speedup->value - 1) / (speedup->value + 1);
	contrast->difference = speedup->value > 1 ? FASTER : SLOWER;
	if (row == other || distance <= comparison->noise_floor ||
	    (speedup->low <= 1 && speedup->high >= 1) ||
	    (can_tell(row->n_walls, other->n_walls) &&
		contrast->ranks.p >= SIGNIFICANCE))
		contrast->difference = NOT_SEEN;
	return 0;
}

static struct sample
sample_walls(const struct row *row)
{
	struct sample sample = {
	    .median = (uint64_t)row->wall_ns.value, .min = UINT64_MAX};

	for (size_t i = 0; i < row->n_walls; i++) {
		uint64_t wall_ns = (uint64_t)row->walls_ns[i];

		if (wall_ns < sample.min)
			sample.min = wall_ns;
		if (wall_ns > sample.max)
			sample.max = wall_ns;
	}
	return sample;
}

int
comparison_weigh(struct comparison *comparison)
{
	struct row *rows = comparison->rows;

	comparison->best = 0;
	for (size_t i = 0; i < comparison->n_rows; i++) {
		struct row *row = &rows[i];

		if (statistics_estimate_median(
			row->walls_ns, row->n_walls, &row->wall_ns) == -1)
			return -1;
		row->sample = sample_walls(row);
		if (weigh(comparison, row, &rows[row->base],
			&row->base_contrast) == -1)
			return -1;
		if (row->kind == ROW_ARM &&
		    (comparison->best == 0 ||
			row->base_contrast.speedup.value >
			    rows[comparison->best].base_contrast.speedup.value))
			comparison->best = i;
	}
	for (size_t i = 0; i < comparison->n_rows; i++)
		if (weigh(comparison, &rows[comparison->best], &rows[i],
			&rows[i].best_contrast) == -1)
			return -1;
	return 0;
}

void
comparison_free(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->n_rows; i++)
		free(comparison->rows[i].walls_ns);
}

static const char *
difference_name(enum difference difference)
{
	static const char *const names[] = {
	    [NOT_SEEN] = "not_seen",
	    [FASTER] = "faster",
	    [SLOWER] = "slower",
	};

	return names[difference];
}

static json_t *
row_to_json(const struct comparison *comparison, const struct row *row)
{
	const struct contrast *contrast = &row->base_contrast;
	const struct sample *sample = &row->sample;

	return json_pack("{s:s, s:s, s:I, s:{s:I, s:I, s:I, s:f, s:f}, s:I, "
			 "s:I, s:I, s:f, s:f, s:f, s:s, s:s, s:f, s:f, s:o}",
	    "name", row->name, "pool", row->pool->name, "workers",
	    (json_int_t)row->workers, "wall_ns", "median",
	    (json_int_t)sample->median, "min", (json_int_t)sample->min, "max",
	    (json_int_t)sample->max, "low", row->wall_ns.low, "high",
	    row->wall_ns.high, "cpu_ns", (json_int_t)row->cpu_ns,
	    "lock_wait_ns", (json_int_t)row->lock_wait_ns, "switches",
	    (json_int_t)row->switches, "speedup", contrast->speedup.value,
	    "speedup_low", contrast->speedup.low, "speedup_high",
	    contrast->speedup.high, "over", comparison->rows[row->base].name,
	    "difference", difference_name(contrast->difference), "u",
	    contrast->ranks.u, "p", contrast->ranks.p, "split",
	    split_to_json(&row->split));
}

static json_t *
verdict_to_json(const struct comparison *comparison)
{
	static const char *const tones[] = {
	    [VERDICT_FINDING] = "finding",
	    [VERDICT_ADVICE] = "advice",
	    [VERDICT_WARNING] = "warning",
	};
	struct verdict verdict = verdict_reach(comparison);
	json_t *json = json_array();

	for (size_t i = 0; i < verdict.n_sentences; i++)
		if (json_array_append_new(json,
			json_pack("{s:s, s:s}", "tone",
			    tones[verdict.sentences[i].tone], "text",
			    verdict.sentences[i].text)) == -1) {
			json_decref(json);
			return NULL;
		}
	return json;
}

json_t *
comparison_to_json(const struct comparison *comparison)
{
	json_t *rows = json_array();
	json_t *controls = json_array();

	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct row *row = &comparison->rows[i];
		bool is_control =
		    row->kind != ROW_SEQUENTIAL && row->kind != ROW_ARM;

		if (json_array_append_new(is_control ? controls : rows,
			row_to_json(comparison, row)) == -1) {
			json_decref(rows);
			json_decref(controls);
			return NULL;
		}
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:f, s:o}",
	    "count", (json_int_t)comparison->count, "workers",
	    (json_int_t)comparison->workers, "cost_ns",
	    (json_int_t)comparison->cost_ns, "rounds",
	    (json_int_t)comparison->rounds, "seed",
	    (json_int_t)comparison->seed, "warm_up_ms",
	    (json_int_t)EXPERIMENT_WARM_UP_MS, "rows", rows, "controls",
	    controls, "noise_floor", comparison->noise_floor, "verdict",
	    verdict_to_json(comparison));
}
