/* The CPU time of a process and its children, of this one and a child of it. */
#include "client/family.h"

#include <check.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define WORK_NS UINT64_C(50000000)

static uint64_t
cpu_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
work(void)
{
	uint64_t start_ns = cpu_clock_ns();

	while (cpu_clock_ns() - start_ns < WORK_NS)
		;
}

/* A child that has worked and waits for its end of the pipe to be closed. */
static pid_t
start_child(int *end)
{
	int done[2], go[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(done), 0);
	ck_assert_int_eq(pipe(go), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(go[1]);
		work();
		close(done[1]);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(go[0]);
	close(done[1]);
	ck_assert_int_eq(read(done[0], &byte, 1), 0);
	close(done[0]);
	*end = go[1];
	return pid;
}

START_TEST(the_kernels_line_is_read)
{
	struct family_member member;

	ck_assert_int_eq(
	    family_parse("4711 (a (b) c) S 42 4711 4711 0 -1 4194560 5310 "
			 "12345 0 7 100 20 3 4 20 0 1 0 99 1234 567\n",
		&member),
	    0);
	ck_assert_str_eq(member.name, "a (b) c");
	ck_assert_int_eq(member.parent, 42);
	ck_assert_uint_eq(member.ticks, 127);
}
END_TEST

START_TEST(other_lines_are_refused)
{
	struct family_member member;

	ck_assert_int_eq(family_parse("", &member), -1);
	ck_assert_int_eq(family_parse("4711 )gild( S 42", &member), -1);
	ck_assert_int_eq(family_parse("4711 (gild) S 42 1 1", &member), -1);
}
END_TEST

START_TEST(children_count_while_they_live_and_afterwards)
{
	uint64_t before_ns, living_ns, dead_ns;
	int end, status;
	pid_t child;

	ck_assert_int_eq(prctl(PR_SET_NAME, "a family"), 0);
	ck_assert_int_eq(family_cpu_ns(getpid(), "a family", &before_ns), 0);
	child = start_child(&end);
	ck_assert_int_eq(family_cpu_ns(getpid(), "a family", &living_ns), 0);
	/* To a tick, which is 10 ms. */
	ck_assert_uint_ge(living_ns, before_ns + WORK_NS - 20000000);
	close(end);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(family_cpu_ns(getpid(), "a family", &dead_ns), 0);
	ck_assert_uint_ge(dead_ns + 20000000, living_ns);
}
END_TEST

START_TEST(another_program_of_that_number_is_none)
{
	uint64_t ns;

	ck_assert_int_eq(family_cpu_ns(getpid(), "gild", &ns), -1);
	ck_assert_int_eq(family_cpu_ns(0, "gild", &ns), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("family");
	TCase *tcase = tcase_create("family");

	tcase_add_test(tcase, the_kernels_line_is_read);
	tcase_add_test(tcase, other_lines_are_refused);
	tcase_add_test(tcase, children_count_while_they_live_and_afterwards);
	tcase_add_test(tcase, another_program_of_that_number_is_none);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
