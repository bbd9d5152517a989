/*
 * From the runs of an experiment to its rows, and to JSON. How it looks is
 * comparison_print.c's affair, what it means verdict.c's.
 *
 * Pure.
 */
#include "client/comparison.h"

#include <stdlib.h>

enum arm
comparison_arm(enum series series)
{
	switch (series) {
	case SERIES_THREADS:
		return ARM_THREADS;
	case SERIES_PROCESSES:
		return ARM_PROCESSES;
	default:
		return ARM_SEQUENTIAL;
	}
}

const char *
comparison_arm_name(enum arm arm)
{
	static const char *const names[ARM_COUNT] = {
	    [ARM_SEQUENTIAL] = "sequential",
	    [ARM_THREADS] = "threads",
	    [ARM_PROCESSES] = "processes",
	};

	return names[arm];
}

const char *
comparison_arm_label(enum arm arm)
{
	static const char *const labels[ARM_COUNT] = {
	    [ARM_SEQUENTIAL] = "one after another",
	    [ARM_THREADS] = "threads, one lock",
	    [ARM_PROCESSES] = "processes",
	};

	return labels[arm];
}

struct run
comparison_run(const struct job_result *result)
{
	return (struct run){
	    .wall_ns = result->timing.wall_ns,
	    .cpu_ns = result->timing.cpu_ns,
	    .lock_wait_ns = result->timing.lock_wait_ns,
	    .switches = result->has_lock ? result->lock.switches : 0,
	};
}

/* The sample of one member of struct run, over the series first to last. */
static struct sample
sample_member(const struct comparison *comparison, const struct run runs[],
    enum series first, enum series last, size_t member, uint64_t room[])
{
	size_t n = 0;

	for (uint32_t round = 0; round < comparison->rounds; round++)
		for (unsigned series = first; series <= last; series++) {
			const struct run *run =
			    &runs[round * SERIES_COUNT + series];

			room[n++] =
			    *(const uint64_t *)((const char *)run + member);
		}
	return sample_take(room, n);
}

int
comparison_settle(struct comparison *comparison, const struct run runs[])
{
	static const struct {
		enum series first, last;
	} series[ARM_COUNT] = {
	    [ARM_SEQUENTIAL] = {SERIES_SEQUENTIAL, SERIES_AGAIN},
	    [ARM_THREADS] = {SERIES_THREADS, SERIES_THREADS},
	    [ARM_PROCESSES] = {SERIES_PROCESSES, SERIES_PROCESSES},
	};
	uint64_t *room =
	    calloc(comparison->rounds, sizeof(*room) * SERIES_COUNT);

	if (room == NULL)
		return -1;
#define SAMPLE(first, last, member) \
	sample_member(              \
	    comparison, runs, first, last, offsetof(struct run, member), room)
	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		struct row *row = &comparison->rows[arm];
		enum series first = series[arm].first;
		enum series last = series[arm].last;

		row->wall_ns = SAMPLE(first, last, wall_ns);
		row->cpu_ns = SAMPLE(first, last, cpu_ns).median;
		row->lock_wait_ns = SAMPLE(first, last, lock_wait_ns).median;
		row->switches = SAMPLE(first, last, switches).median;
	}
	comparison->noise_floor = sample_distance(
	    SAMPLE(SERIES_SEQUENTIAL, SERIES_SEQUENTIAL, wall_ns).median,
	    SAMPLE(SERIES_AGAIN, SERIES_AGAIN, wall_ns).median);
#undef SAMPLE
	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		struct row *row = &comparison->rows[arm];

		/* A job too short for the clock counts as one nanosecond. */
		row->speedup =
		    (double)comparison->rows[ARM_SEQUENTIAL].wall_ns.median /
		    (double)(row->wall_ns.median > 0 ? row->wall_ns.median : 1);
	}
	free(room);
	return 0;
}

static json_t *
row_to_json(const struct row *row, enum arm arm)
{
	return json_pack("{s:s, s:s, s:I, s:{s:I, s:I, s:I}, s:I, s:I, s:I, "
			 "s:f}",
	    "name", comparison_arm_name(arm), "pool", row->pool, "workers",
	    (json_int_t)row->workers, "wall_ns", "median",
	    (json_int_t)row->wall_ns.median, "min",
	    (json_int_t)row->wall_ns.min, "max", (json_int_t)row->wall_ns.max,
	    "cpu_ns", (json_int_t)row->cpu_ns, "lock_wait_ns",
	    (json_int_t)row->lock_wait_ns, "switches",
	    (json_int_t)row->switches, "speedup", row->speedup);
}

json_t *
comparison_to_json(const struct comparison *comparison)
{
	json_t *rows = json_array();

	for (unsigned arm = 0; arm < ARM_COUNT; arm++)
		if (json_array_append_new(
			rows, row_to_json(&comparison->rows[arm], arm)) == -1) {
			json_decref(rows);
			return NULL;
		}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:f}", "count",
	    (json_int_t)comparison->count, "workers",
	    (json_int_t)comparison->workers, "cost_ns",
	    (json_int_t)comparison->cost_ns, "rounds",
	    (json_int_t)comparison->rounds, "seed",
	    (json_int_t)comparison->seed, "rows", rows, "noise_floor",
	    comparison->noise_floor);
}
