/* When a thread looks for more work before it sleeps, and for how long. */
#include "daemon/spin.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/unit/suite.h"

static struct schedstat schedstat;
static struct spinner spinner;
static struct spin spin;

static void
setup(void)
{
	schedstat_open(&schedstat);
	spinner_init(&spinner, SPIN_MAX_US, &schedstat);
	/* Whatever the machine is busy with. */
	spinner.checked_ns = UINT64_MAX / 2;
}

static void
teardown(void)
{
	schedstat_close(&schedstat);
}

/* How many waits are not tried before the next one that is. */
static unsigned
count_skips(void)
{
	unsigned n = 0;

	spinner.checked_ns = clock_monotonic_ns();
	while (!spin_begin(&spinner, &spin)) {
		spinner.checked_ns = clock_monotonic_ns();
		n++;
	}
	return n;
}

START_TEST(without_a_bound_nobody_spins)
{
	spinner_init(&spinner, 0, &schedstat);
	ck_assert(!spin_begin(&spinner, &spin));
}
END_TEST

START_TEST(a_spin_ends_at_its_bound)
{
	do {
		count_skips();
		while (spin_goes_on(&spinner))
			;
		spin_end(&spinner, &spin, false);
	} while (spinner.is_torn);
	ck_assert_uint_ge(clock_monotonic_ns(), spinner.end_ns);
}
END_TEST

START_TEST(what_does_not_pay_is_tried_less_and_less)
{
	static const unsigned skips[] = {0, 1, 2, 4, 8, 16, 32, 64, 64, 64};

	for (size_t i = 0; i < COUNT(skips); i++) {
		ck_assert_uint_eq(count_skips(), skips[i]);
		spin_end(&spinner, &spin, false);
	}
	/* And one that does pay makes up for all of them. */
	count_skips();
	spin_end(&spinner, &spin, true);
	ck_assert_uint_eq(count_skips(), 0);
}
END_TEST

START_TEST(each_kind_of_wait_is_tried_by_itself)
{
	struct spin other = {0};

	count_skips();
	spin_end(&spinner, &spin, false);
	ck_assert(spin_begin(&spinner, &other));
	spin_end(&spinner, &other, true);
	ck_assert_uint_eq(count_skips(), 1);
}
END_TEST

/* The clock jumps: somebody else had the CPU. */
START_TEST(an_interruption_ends_it_for_some_time)
{
	count_skips();
	spinner.looked_ns -= NS_PER_MS;
	ck_assert(!spin_goes_on(&spinner));
	spin_end(&spinner, &spin, true);
	ck_assert_uint_eq(count_skips(), 16);
}
END_TEST

/* A neighbour on our CPU that never sleeps. */
START_TEST(on_a_busy_machine_nobody_spins)
{
	cpu_set_t set;
	pid_t pid;

	if (schedstat.fd < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			;
	}
	spinner.checked_ns = 0;
	while (!spinner.is_crowded) {
		spin = (struct spin){0};
		spin_begin(&spinner, &spin);
	}
	spin = (struct spin){0};
	spinner.checked_ns = clock_monotonic_ns();
	ck_assert(!spin_begin(&spinner, &spin));
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spin");
	TCase *tcase = tcase_create("spin");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, without_a_bound_nobody_spins);
	tcase_add_test(tcase, a_spin_ends_at_its_bound);
	tcase_add_test(tcase, what_does_not_pay_is_tried_less_and_less);
	tcase_add_test(tcase, each_kind_of_wait_is_tried_by_itself);
	tcase_add_test(tcase, an_interruption_ends_it_for_some_time);
	tcase_add_test(tcase, on_a_busy_machine_nobody_spins);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
