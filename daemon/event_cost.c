/*
 * Measures what recording costs. Run once by the master at the start, beside
 * the calibration, before there is any other process; owns nothing afterwards.
 *
 * The least of several rounds is what the work itself takes: whatever disturbs
 * a round only adds to it. Rounds with events and without follow each other,
 * so that a change of the CPU's clock meets both.
 */
#include "daemon/event_cost.h"

#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/event_ring.h"
#include "daemon/gil.h"

#define ROUNDS 16
#define TASKS 500	   /* of a round */
#define RING_CAPACITY 4096 /* as much memory as a ring in use goes through */

struct bench {
	struct gil *gil;
	struct gil_thread thread;
	struct event_ring *ring;
	struct gil_totals totals;
	struct gil_parameters parameters;
	_Atomic uint64_t event_number;
	_Atomic uint32_t attention;
};

static int
bench_open(struct bench *bench)
{
	struct gil_config config = {
	    .totals = &bench->totals,
	    .event_number = &bench->event_number,
	};
	struct gil_thread_config thread_config = {.number = 0};

	gil_parameters_init(&bench->parameters);
	config.parameters = bench->parameters;
	bench->ring = calloc(1, event_ring_bytes(RING_CAPACITY));
	bench->gil = gil_new(&config);
	if (bench->ring == NULL || bench->gil == NULL)
		return -1;
	event_ring_init(bench->ring, RING_CAPACITY);
	thread_config.ring = bench->ring;
	return gil_join(bench->gil, &bench->thread, &thread_config);
}

static void
bench_close(struct bench *bench)
{
	if (bench->thread.gil != NULL)
		gil_leave(&bench->thread);
	gil_free(bench->gil);
	free(bench->ring);
}

/* The CPU time of so many tasks that nobody else wants the lock from. */
static uint64_t
bench_run(struct bench *bench, bool has_events)
{
	const struct gil_task task = {.attention = &bench->attention};
	uint64_t start_ns;

	bench->parameters.has_events = has_events;
	gil_set_parameters(bench->gil, &bench->parameters);
	start_ns = clock_thread_cpu_ns();
	for (int i = 0; i < TASKS; i++) {
		if (gil_acquire(&bench->thread, &task) == GIL_TAKEN)
			gil_release(&bench->thread, LOCK_RELEASE_FINAL);
	}
	return clock_thread_cpu_ns() - start_ns;
}

int
event_cost_measure(uint64_t *event_ps)
{
	uint64_t least_off_ns = UINT64_MAX, least_on_ns = UINT64_MAX;
	struct bench bench = {.gil = NULL};
	int result = -1;

	*event_ps = 0;
	if (bench_open(&bench) != 0)
		goto out;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t off_ns = bench_run(&bench, false);
		uint64_t on_ns = bench_run(&bench, true);

		if (off_ns < least_off_ns)
			least_off_ns = off_ns;
		if (on_ns < least_on_ns)
			least_on_ns = on_ns;
	}
	if (least_on_ns > least_off_ns)
		*event_ps = (least_on_ns - least_off_ns) * 1000 * ROUNDS /
		    atomic_load(&bench.event_number);
	result = 0;
out:
	bench_close(&bench);
	return result;
}
