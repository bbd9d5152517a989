/*
 * What two CPU-bound threads make of one lock: the lock and the countdown
 * alone, no daemon. Switches per second beside 1 / interval; how long a switch
 * takes; what the threads' time was spent on. It prints and does not judge.
 */
#include "daemon/gil.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/countdown.h"

enum { THREADS = 2 };

struct setting {
	const char *name;
	struct gil_config config;
};

static const struct setting settings[] = {
    {"interval 5 ms", {GIL_INTERVAL, 5000 * NS_PER_US, true}},
    {"interval 0.5 ms", {GIL_INTERVAL, 500 * NS_PER_US, true}},
    {"interval 0.05 ms", {GIL_INTERVAL, 50 * NS_PER_US, true}},
    {"5 ms, no force", {GIL_INTERVAL, 5000 * NS_PER_US, false}},
    {"hold", {GIL_HOLD, 5000 * NS_PER_US, true}},
};

struct counter {
	struct gil *gil;
	struct gil_thread thread;
	_Atomic uint32_t attention;
	uint64_t turns;
	uint64_t wall_ns;
	uint64_t cpu_ns;
	pthread_t id;
};

/* One task, as an executor of a threads pool runs it. */
static void *
counter_main(void *arg)
{
	struct counter *self = arg;
	uint64_t left = self->turns;
	uint64_t wall_ns = clock_monotonic_ns();
	uint64_t cpu_ns = clock_thread_cpu_ns();

	if (gil_acquire(self->gil, &self->thread) != GIL_TAKEN)
		abort();
	while ((left = countdown(left, 0, &self->attention)) > 0)
		if (gil_yield(self->gil, &self->thread) != GIL_TAKEN)
			abort();
	gil_release(self->gil, &self->thread);
	self->wall_ns = clock_monotonic_ns() - wall_ns;
	self->cpu_ns = clock_thread_cpu_ns() - cpu_ns;
	return NULL;
}

static uint64_t
run_counters(struct gil *gil, struct counter *counters, uint64_t turns)
{
	uint64_t start_ns = clock_monotonic_ns();

	for (int i = 0; i < THREADS; i++) {
		counters[i].gil = gil;
		counters[i].turns = turns;
		gil_thread_begin(
		    &counters[i].thread, &counters[i].attention, 0);
		if (pthread_create(
			&counters[i].id, NULL, counter_main, &counters[i]) != 0)
			abort();
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(counters[i].id, NULL);
	return clock_monotonic_ns() - start_ns;
}

static void
bench_setting(const struct setting *setting, uint64_t turns)
{
	static struct counter counters[THREADS];
	struct gil *gil = gil_new(&setting->config);
	struct gil_record sums = {0};
	uint64_t elapsed_ns, switches;
	uint64_t wall_ns = 0;
	uint64_t cpu_ns = 0;

	if (gil == NULL)
		abort();
	elapsed_ns = run_counters(gil, counters, turns);
	switches = gil_inspect(gil).switch_number;
	for (int i = 0; i < THREADS; i++) {
		const struct gil_record *record = &counters[i].thread.record;

		sums.missed += record->missed;
		sums.held_ns += record->held_ns;
		sums.wait_ns += record->wait_ns;
		sums.switch_wait_ns += record->switch_wait_ns;
		wall_ns += counters[i].wall_ns;
		cpu_ns += counters[i].cpu_ns;
	}
	printf("%-16s %6.3f s %6.3f s %9.1f /s %6llu %8llu %7.3f s %7.3f s "
	       "%7.1f ms %8.4f %%\n",
	    setting->name, (double)elapsed_ns / 1e9, (double)cpu_ns / 1e9,
	    (double)switches * 1e9 / (double)elapsed_ns,
	    (unsigned long long)switches, (unsigned long long)sums.missed,
	    (double)sums.held_ns / 1e9, (double)sums.wait_ns / 1e9,
	    (double)sums.switch_wait_ns / 1e6,
	    (1 -
		(double)(sums.held_ns + sums.wait_ns + sums.switch_wait_ns) /
		    (double)wall_ns) *
		100);
	gil_free(gil);
}

int
main(void)
{
	struct calibration calibration = countdown_calibrate();
	uint64_t turns = countdown_stride(&calibration, 0, NS_PER_S);

	printf("%d threads, %llu turns each, one lock\n", THREADS,
	    (unsigned long long)turns);
	printf("%-16s %8s %8s %12s %6s %8s %9s %9s %10s %10s\n", "policy",
	    "elapsed", "CPU", "switches", "all", "missed", "held", "waited",
	    "for switch", "unaccounted");
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		bench_setting(&settings[i], turns);
	return EXIT_SUCCESS;
}
