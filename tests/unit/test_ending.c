/*
 * Waiting for the end of a process: with a pidfd, and as it is done where the
 * kernel has none, which a seccomp filter pretends. And which process it is, in
 * one pid namespace and in two, where the machine lets us make one.
 */
#include "client/ending.h"

#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define PATIENCE_MS 30000 /* for what must come */

/* A child that lives until it is killed, or we are. */
static pid_t
start_child(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
	for (;;)
		pause();
}

static void
end_child(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	waitpid(pid, NULL, 0);
}

/* From now on this process's kernel knows no pidfd_open(2). */
static void
forget_pidfds(void)
{
	struct sock_filter lines[] = {
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {COUNT(lines), lines};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(
	    prctl(PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program), 0);
	ck_assert_int_eq(syscall(SYS_pidfd_open, getpid(), 0), -1);
	ck_assert_int_eq(errno, ENOSYS);
}

static void
setup(void)
{
	/* Children are nobody's to wait for: as others' children are to us. */
	signal(SIGCHLD, SIG_IGN);
}

/* Each test with the kernel's pidfds, and without. */
static void
choose(int i)
{
	if (i == 1)
		forget_pidfds();
}

START_TEST(an_end_is_seen)
{
	int gate[2];
	pid_t pid;

	choose(_i);
	ck_assert_int_eq(pipe(gate), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char byte;

		close(gate[1]);
		_exit((int)read(gate[0], &byte, 1));
	}
	close(gate[0]);
	ck_assert_int_eq(ending_await(pid, 1, -1), ENDING_TIMED_OUT);
	close(gate[1]);
	ck_assert_int_eq(ending_await(pid, PATIENCE_MS, -1), ENDING_CAME);
	ck_assert_int_eq(ending_await(pid, ENDING_FOREVER, -1), ENDING_CAME);
}
END_TEST

START_TEST(a_wait_can_be_woken)
{
	pid_t pid = start_child();
	int wake[2];

	choose(_i);
	ck_assert_int_eq(pipe(wake), 0);
	ck_assert_int_eq(write(wake[1], "", 1), 1);
	ck_assert_int_eq(
	    ending_await(pid, ENDING_FOREVER, wake[0]), ENDING_WOKEN);
	end_child(pid);
}
END_TEST

START_TEST(nobody_is_seen_as_such)
{
	ck_assert_int_eq(ending_find_pid(0, getpid()), 0);
	ck_assert_int_eq(ending_find_pid(getpid(), 0), 0);
	ck_assert_int_eq(ending_find_pid(-1, getpid()), 0);
}
END_TEST

START_TEST(in_our_namespace_a_pid_is_itself)
{
	ck_assert_int_eq(ending_find_pid(getpid(), getpid()), getpid());
	ck_assert_int_eq(ending_find_pid(4711, getpid()), 4711);
}
END_TEST

/* The first process of another pid namespace calls itself 1. */
START_TEST(in_another_namespace_it_is_the_peers_or_unknown)
{
	pid_t maker, inner = 0;
	int report[2], status;

	signal(SIGCHLD, SIG_DFL);
	ck_assert_int_eq(pipe(report), 0);
	maker = fork();
	ck_assert_int_ge(maker, 0);
	if (maker == 0) {
		prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
		if (unshare(CLONE_NEWPID) == -1 &&
		    unshare(CLONE_NEWUSER | CLONE_NEWPID) == -1)
			_exit(0);
		inner = start_child();
		if (write(report[1], &inner, sizeof(inner)) != sizeof(inner))
			_exit(1);
		waitpid(inner, &status, 0);
		_exit(0);
	}
	close(report[1]);
	if (read(report[0], &inner, sizeof(inner)) != sizeof(inner)) {
		waitpid(maker, NULL, 0);
		printf("skipped: no pid namespace can be made here\n");
		return;
	}
	ck_assert_int_eq(ending_find_pid(1, inner), inner);
	ck_assert_int_eq(ending_find_pid(2, inner), 0);
	ck_assert_int_eq(kill(inner, SIGKILL), 0);
	waitpid(maker, NULL, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ending");
	TCase *tcase = tcase_create("ending");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, an_end_is_seen, 0, 2);
	tcase_add_loop_test(tcase, a_wait_can_be_woken, 0, 2);
	tcase_add_test(tcase, nobody_is_seen_as_such);
	tcase_add_test(tcase, in_our_namespace_a_pid_is_itself);
	tcase_add_test(tcase, in_another_namespace_it_is_the_peers_or_unknown);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
