/*
 * What two CPU-bound threads make of one lock under each policy: the lock and
 * the countdown alone, no daemon. Switches per second beside 1 / interval; what
 * the threads' time was spent on; and what recording events costs: the same
 * work with and without, in turn. It prints and does not judge.
 */
#include "daemon/gil.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/countdown.h"
#include "daemon/event_ring.h"

enum { THREADS = 2, ROUNDS = 11, RING = 1 << 16 };

struct setting {
	const char *name;
	struct gil_parameters parameters;
};

static const struct setting settings[] = {
    {"interval 5 ms",
	{.policy = GIL_INTERVAL, .interval_ns = 5 * NS_PER_MS, .force = true}},
    {"interval 0.5 ms",
	{.policy = GIL_INTERVAL,
	    .interval_ns = 500 * NS_PER_US,
	    .force = true}},
    {"interval 0.05 ms",
	{.policy = GIL_INTERVAL, .interval_ns = 50 * NS_PER_US, .force = true}},
    {"5 ms, no force", {.policy = GIL_INTERVAL, .interval_ns = 5 * NS_PER_MS}},
    {"ticks 100", {.policy = GIL_TICKS, .check_interval = 100}},
    {"fair 5 ms", {.policy = GIL_FAIR, .quantum_ns = 5 * NS_PER_MS}},
    {"hold", {.policy = GIL_HOLD}},
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

struct counter {
	struct gil_thread thread;
	_Atomic uint32_t attention;
	struct event_ring *ring;
	uint64_t turns;
	uint32_t spins;
	uint64_t wall_ns;
	uint64_t cpu_ns;
	pthread_t id;
};

struct outcome {
	uint64_t elapsed_ns;
	uint64_t events;
	uint64_t wall_ns; /* this and the rest: of all threads together */
	uint64_t cpu_ns;
	struct lock_record record;
};

/* One task, as an executor of a threads pool runs it. */
static void *
counter_main(void *arg)
{
	struct counter *self = arg;
	struct gil_task task = {.attention = &self->attention};
	uint64_t left = self->turns;

	self->cpu_ns = clock_thread_cpu_ns();
	self->wall_ns = clock_monotonic_ns();
	if (gil_acquire(&self->thread, &task) != GIL_TAKEN)
		abort();
	while (left > 0) {
		uint64_t tick = gil_turns_to_tick(&self->thread);
		uint64_t stride = left < tick ? left : tick;

		left -= stride;
		left += countdown(stride, self->spins, &self->attention);
		if (left > 0 && gil_yield(&self->thread) != GIL_TAKEN)
			abort();
	}
	gil_release(&self->thread, LOCK_RELEASE_FINAL);
	self->wall_ns = clock_monotonic_ns() - self->wall_ns;
	self->cpu_ns = clock_thread_cpu_ns() - self->cpu_ns;
	return NULL;
}

static void
counters_run(struct gil *gil, struct counter counters[THREADS])
{
	for (uint16_t i = 0; i < THREADS; i++) {
		struct gil_thread_config config = {
		    .number = i, .ring = counters[i].ring};

		if (gil_join(gil, &counters[i].thread, &config) != 0 ||
		    pthread_create(
			&counters[i].id, NULL, counter_main, &counters[i]) != 0)
			abort();
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(counters[i].id, NULL);
}

static struct outcome
run(const struct setting *setting, uint64_t turns, uint32_t spins,
    bool has_events)
{
	static struct counter counters[THREADS];
	struct gil_totals totals = {0};
	_Atomic uint64_t events = 0;
	struct gil_config config = {
	    .parameters = setting->parameters,
	    .totals = &totals,
	    .event_number = &events,
	};
	struct outcome outcome = {.elapsed_ns = clock_monotonic_ns()};
	struct gil *gil;

	config.parameters.has_events = has_events;
	gil = gil_new(&config);
	if (gil == NULL)
		abort();
	for (int i = 0; i < THREADS; i++) {
		if (counters[i].ring == NULL)
			counters[i].ring = calloc(1, event_ring_bytes(RING));
		if (counters[i].ring == NULL)
			abort();
		event_ring_init(counters[i].ring, RING);
		counters[i].turns = turns;
		counters[i].spins = spins;
	}
	counters_run(gil, counters);
	outcome.elapsed_ns = clock_monotonic_ns() - outcome.elapsed_ns;
	outcome.events = events;
	for (int i = 0; i < THREADS; i++) {
		lock_record_add(&outcome.record, &counters[i].thread.record);
		outcome.wall_ns += counters[i].wall_ns;
		outcome.cpu_ns += counters[i].cpu_ns;
		gil_leave(&counters[i].thread);
	}
	gil_free(gil);
	return outcome;
}

static void
bench_setting(const struct setting *setting, uint64_t turns, uint32_t spins)
{
	struct outcome outcome = run(setting, turns, spins, false);
	const struct lock_record *record = &outcome.record;
	uint64_t known_ns =
	    record->held_ns + record->wait_ns + record->switch_wait_ns;

	printf("%-16s %6.3f s %6.3f s %9.1f /s %9llu %9llu %7.3f s %7.3f s "
	       "%7.1f ms %8.4f %%\n",
	    setting->name, (double)outcome.elapsed_ns / 1e9,
	    (double)outcome.cpu_ns / 1e9,
	    (double)record->switches * 1e9 / (double)outcome.elapsed_ns,
	    (unsigned long long)record->battles,
	    (unsigned long long)record->battles_lost,
	    (double)record->held_ns / 1e9, (double)record->wait_ns / 1e9,
	    (double)record->switch_wait_ns / 1e6,
	    (1 - (double)known_ns / (double)outcome.wall_ns) * 100);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of the rounds' ratios, and how many events a run recorded. */
static void
bench_events(const struct setting *setting, uint64_t turns, uint32_t spins)
{
	double ratios[ROUNDS];
	struct outcome off, on = {0};

	for (int i = 0; i < ROUNDS; i++) {
		/* Each goes first in every other round. */
		if (i % 2 == 0)
			off = run(setting, turns, spins, false);
		on = run(setting, turns, spins, true);
		if (i % 2 != 0)
			off = run(setting, turns, spins, false);
		ratios[i] = (double)on.elapsed_ns / (double)off.elapsed_ns;
	}
	qsort(ratios, ROUNDS, sizeof(ratios[0]), compare_doubles);
	printf("%-16s %9llu %+9.2f %% %+9.2f %% %+9.2f %%\n", setting->name,
	    (unsigned long long)on.events, (ratios[ROUNDS / 2] - 1) * 100,
	    (ratios[ROUNDS / 4] - 1) * 100,
	    (ratios[ROUNDS - 1 - ROUNDS / 4] - 1) * 100);
}

int
main(void)
{
	struct calibration calibration = countdown_calibrate();
	uint32_t spins = countdown_spins(&calibration, 20);
	uint64_t turns = countdown_stride(&calibration, spins, 300 * NS_PER_MS);

	printf("%d threads, %llu turns of 20 ns each, one lock\n", THREADS,
	    (unsigned long long)turns);
	printf("%-16s %8s %8s %12s %9s %9s %9s %9s %10s %10s\n", "policy",
	    "elapsed", "CPU", "switches", "battles", "lost", "held", "waited",
	    "for switch", "unaccounted");
	for (size_t i = 0; i < N_SETTINGS; i++)
		bench_setting(&settings[i], turns, spins);
	printf("\nwhat recording costs: elapsed with events over without, %d "
	       "rounds in turn\n%-16s %9s %11s %11s %11s\n",
	    ROUNDS, "policy", "events", "median", "1st quart.", "3rd quart.");
	for (size_t i = 0; i < N_SETTINGS; i++)
		bench_events(&settings[i], turns, spins);
	return EXIT_SUCCESS;
}
