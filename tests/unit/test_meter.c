/*
 * The meter: what it says of work that ran undisturbed, that slept, that had to
 * share its CPU; with the kernel's word for it and without. All beside the
 * thread's own clocks.
 */
#include "daemon/meter.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/unit/suite.h"

static struct schedstat schedstat;
static struct meter meter;

/* With the kernel's word in odd rounds, without in even ones. */
static void
open_meter(int round)
{
	schedstat_open(&schedstat);
	meter_open(&meter, &schedstat);
	if (round % 2 == 0)
		meter.is_watching = meter.is_seeing_calls = false;
}

static void
teardown(void)
{
	meter_close(&meter);
	schedstat_close(&schedstat);
}

static void
count(uint64_t duration_ns)
{
	uint64_t start_ns = clock_monotonic_ns();

	while (clock_monotonic_ns() - start_ns < duration_ns)
		;
}

/* What the meter says of work, and how long it took. */
static struct meter_reading
measure(void (*work)(uint64_t), uint64_t arg, bool is_short, uint64_t *wall_ns)
{
	uint64_t before_ns = clock_monotonic_ns(), start_ns;
	struct meter_reading cost;

	meter_start(&meter, is_short);
	work(arg);
	cost = meter_stop(&meter, &start_ns);
	ck_assert_uint_ge(start_ns, before_ns);
	ck_assert_uint_ge(cost.monotonic_ns, start_ns);
	ck_assert_uint_le(cost.monotonic_ns, clock_monotonic_ns());
	*wall_ns = cost.monotonic_ns - start_ns;
	ck_assert_uint_le(cost.cpu_ns + cost.cpu_wait_ns, *wall_ns);
	return cost;
}

/* Sooner or later nothing comes between. */
START_TEST(undisturbed_work_takes_its_time)
{
	struct meter_reading cost;
	uint64_t wall_ns;

	open_meter(1);
	if (!meter.is_watching)
		return; /* an older C library, or kernel */
	do {
		cost = measure(count, 1000, true, &wall_ns);
	} while (cost.cpu_ns != wall_ns);
	ck_assert_uint_eq(cost.cpu_wait_ns, 0);
	ck_assert_uint_eq(cost.voluntary_switches, 0);
	ck_assert_uint_eq(cost.involuntary_switches, 0);
}
END_TEST

/* The kernel's word is heard: or all of the above would mean nothing. */
START_TEST(the_clocks_are_left_alone_while_nothing_comes_between)
{
	uint64_t wall_ns, last_ns;
	unsigned n_tries = 0;

	open_meter(1);
	if (!meter.is_seeing_calls)
		return;
	do {
		measure(count, 1000, true, &wall_ns);
		last_ns = meter.last.monotonic_ns;
		for (int i = 0; i < 10; i++)
			measure(count, 1000, true, &wall_ns);
		ck_assert_uint_lt(n_tries++, 1000000);
	} while (meter.last.monotonic_ns != last_ns);
}
END_TEST

static void
doze(uint64_t duration_ns)
{
	struct timespec duration = {.tv_nsec = (long)duration_ns};

	nanosleep(&duration, NULL);
}

/* As long as short work may take, and longer. */
START_TEST(a_sleep_is_a_switch_and_no_work)
{
	bool is_short = _i / 2 % 2 != 0;
	struct meter_reading cost;
	uint64_t wall_ns;

	open_meter(_i);
	if (is_short && meter.is_watching && !meter.is_seeing_calls)
		return; /* it must not be told so, then */
	for (uint64_t ns = 1; ns < NS_PER_MS * 100; ns *= 10) {
		cost = measure(doze, ns, is_short, &wall_ns);
		ck_assert_uint_ge(cost.voluntary_switches, 1);
		ck_assert_uint_lt(cost.cpu_ns, wall_ns);
	}
}
END_TEST

/* A process that counts on our CPU until it is killed. */
static pid_t
start_neighbour(void)
{
	cpu_set_t set;
	pid_t pid;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			count(NS_PER_S);
	}
	return pid;
}

/* Of many short pieces of work some are torn in two: those are told, and all
 * together have no more CPU time than the thread had. */
START_TEST(who_shares_a_cpu_is_told_so)
{
	pid_t neighbour = start_neighbour();
	uint64_t switches = 0, cpu_ns = 0, cpu_wait_ns = 0, all_wall_ns = 0;
	uint64_t thread_ns, wall_ns;
	bool is_short = _i / 2 % 2 != 0;

	open_meter(_i);
	thread_ns = clock_thread_cpu_ns();
	/* It may be torn just outside of the work: until one was within. */
	while (switches < 20 || cpu_ns == all_wall_ns ||
	    (cpu_wait_ns == 0 && schedstat.fd >= 0)) {
		struct meter_reading cost =
		    measure(count, 50 * NS_PER_US, is_short, &wall_ns);

		switches += cost.involuntary_switches;
		cpu_wait_ns += cost.cpu_wait_ns;
		cpu_ns += cost.cpu_ns;
		all_wall_ns += wall_ns;
	}
	thread_ns = clock_thread_cpu_ns() - thread_ns;
	/* An eighth for interrupts that are none of the thread's. */
	ck_assert_uint_le(cpu_ns, thread_ns + thread_ns / 8);
	kill(neighbour, SIGKILL);
	ck_assert_int_eq(waitpid(neighbour, NULL, 0), neighbour);
}
END_TEST

static void
on_signal(int number)
{
	(void)number;
}

static void
be_signalled(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		raise(SIGUSR1);
}

/* What comes between and takes no CPU from us makes nobody else's time ours. */
START_TEST(a_signal_is_no_switch)
{
	struct meter_reading cost;
	uint64_t wall_ns;

	signal(SIGUSR1, on_signal);
	open_meter(1);
	do {
		cost = measure(be_signalled, 1, true, &wall_ns);
	} while (cost.involuntary_switches + cost.voluntary_switches > 0);
	ck_assert_uint_gt(cost.cpu_ns, 0);
}
END_TEST

/* The word of a kernel that says nothing of what comes between. */
START_TEST(a_kernel_that_is_wrong_is_not_believed)
{
	uint64_t wall_ns;

	open_meter(1);
	if (!meter.is_seeing_calls)
		return;
	while (meter.is_watching) {
		measure(count, 1000, true, &wall_ns);
		/* As if the thread had slept for a second, unseen. */
		meter.last.monotonic_ns -= NS_PER_S;
	}
	ck_assert_uint_lt(meter.last.cpu_ns, clock_thread_cpu_ns() + 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("meter");
	TCase *tcase = tcase_create("meter");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, undisturbed_work_takes_its_time);
	tcase_add_test(
	    tcase, the_clocks_are_left_alone_while_nothing_comes_between);
	tcase_add_loop_test(tcase, a_sleep_is_a_switch_and_no_work, 0, 4);
	tcase_add_loop_test(tcase, who_shares_a_cpu_is_told_so, 0, 4);
	tcase_add_test(tcase, a_signal_is_no_switch);
	tcase_add_test(tcase, a_kernel_that_is_wrong_is_not_believed);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
