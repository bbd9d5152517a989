/*
 * The system call filter: a forked child enters it, and either does all that an
 * executor does, or makes one call that it must not, and dies of it.
 */
#include "config.h"

#include "daemon/sandbox.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/countdown.h"
#include "daemon/gil.h"
#include "daemon/log.h"
#include "tests/unit/suite.h"

static int pipe_ends[2];
static int log_ends[2]; /* a socket pair */

/* The wait status of a child that enters the filter and calls this. */
static int
status_of(void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		if (sandbox_prepare(log_ends[0]) != 0 || sandbox_enter() != 0)
			_exit(99);
		body();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
setup(void)
{
	ck_assert_int_eq(pipe(pipe_ends), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, log_ends), 0);
}

static void
teardown(void)
{
	for (int i = 0; i < 2; i++) {
		close(pipe_ends[i]);
		close(log_ends[i]);
	}
}

/* --- what an executor does --- */

static void
count_down(void)
{
	static const _Atomic uint32_t undisturbed = 0;

	if (countdown(100000, 0, &undisturbed) != 0 ||
	    clock_thread_cpu_ns() == 0 || clock_monotonic_ns() == 0)
		_exit(1);
}

static void
use_descriptors(void)
{
	char byte = 'x';

	if (write(pipe_ends[1], &byte, 1) != 1 ||
	    read(pipe_ends[0], &byte, 1) != 1 ||
	    send(log_ends[0], &byte, 1, 0) != 1)
		_exit(1);
	close(pipe_ends[0]);
}

/* The first line is the one for which the time zone would be read. */
static void
log_lines(void)
{
	log_warn("a line of an executor, %s", strerror(ENOMEM));
	log_info("and another one");
}

static void
allocate(void)
{
	void *small[1000], *large = malloc(8 << 20);

	for (size_t i = 0; i < COUNT(small); i++)
		small[i] = malloc(i * 64);
	for (size_t i = 0; i < COUNT(small); i++)
		free(small[i]);
	free(large);
}

static void
choose_a_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		_exit(1);
}

static void
leave_by_exit(void)
{
	exit(0);
}

START_TEST(what_counting_takes_is_left)
{
	static void (*const bodies[])(void) = {count_down, use_descriptors,
	    log_lines, allocate, choose_a_cpu, leave_by_exit};

	for (size_t i = 0; i < COUNT(bodies); i++)
		ck_assert_msg(status_of(bodies[i]) == 0, "body %zu", i);
}
END_TEST

/* --- what it must not --- */

static void
make_socket(void)
{
	close(socket(AF_INET, SOCK_STREAM, 0));
}

static void
open_file(void)
{
	close(open("/dev/null", O_RDONLY));
}

static void
execute(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void
trace(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
fork_itself(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
signal_its_parent(void)
{
	kill(getppid(), SIGTERM);
}

static void
signal_a_thread_otherwise(void)
{
	tgkill(getpid(), gettid(), SIGUSR1);
}

static void
catch_a_signal(void)
{
	signal(SIGTERM, SIG_IGN);
}

static void
map_code(void)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(code, 4096);
}

static void
map_a_file(void)
{
	void *file = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, pipe_ends[0], 0);

	munmap(file, 4096);
}

static void *page;

static void
make_code(void)
{
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void
send_elsewhere(void)
{
	send(log_ends[1], "x", 1, 0);
}

static void
move_another(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(getppid(), sizeof(set), &set);
}

static void
become_traceable(void)
{
	prctl(PR_SET_DUMPABLE, 1L);
}

static const struct {
	const char *what;
	void (*body)(void);
} forbidden[] = {
    {"socket", make_socket},
    {"open", open_file},
    {"execve", execute},
    {"ptrace", trace},
    {"fork", fork_itself},
    {"kill", signal_its_parent},
    {"tgkill, not to abort", signal_a_thread_otherwise},
    {"sigaction, not to abort", catch_a_signal},
    {"mmap of code", map_code},
    {"mmap of a file", map_a_file},
    {"mprotect to code", make_code},
    {"send to another socket than the log's", send_elsewhere},
    {"sched_setaffinity of another process", move_another},
    {"prctl", become_traceable},
};

START_TEST(any_other_call_kills)
{
	int status;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	status = status_of(forbidden[_i].body);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	    "%s: the wait status is %#x", forbidden[_i].what, (unsigned)status);
}
END_TEST

/* The C library ends a process so that finds its stack smashed. */
START_TEST(abort_is_left)
{
	int status = status_of(abort);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

/* --- threads --- */

enum { THREADS = 12 };

static pthread_barrier_t all_are_in;

/*
 * One that waits for a lock, and ends, within the filter. The C library looks
 * around before it makes an arena for a tenth thread or cuts one down.
 */
static void *
thread_main(void *arg)
{
	pthread_mutex_t *mutex = arg;
	void *parts[8];

	if (sandbox_enter() != 0)
		_exit(98);
	for (size_t i = 0; i < COUNT(parts); i++)
		parts[i] = malloc(100000);
	pthread_barrier_wait(&all_are_in);
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
	for (size_t i = 0; i < COUNT(parts); i++)
		free(parts[i]);
	return malloc(100);
}

START_TEST(threads_enter_one_by_one)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
		pthread_t ids[THREADS];
		void *given;

		pthread_barrier_init(&all_are_in, NULL, THREADS + 1);
		if (sandbox_prepare(-1) != 0)
			_exit(99);
		pthread_mutex_lock(&mutex);
		for (int i = 0; i < THREADS; i++)
			pthread_create(&ids[i], NULL, thread_main, &mutex);
		pthread_barrier_wait(&all_are_in);
		/* They are in, this one is not yet. */
		close(open("/dev/null", O_RDONLY));
		if (sandbox_enter() != 0)
			_exit(98);
		pthread_mutex_unlock(&mutex);
		for (int i = 0; i < THREADS; i++) {
			pthread_join(ids[i], &given);
			free(given);
		}
		exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(who_prepared_none_enters_none)
{
	ck_assert_int_eq(sandbox_check(), 0);
	ck_assert_int_eq(sandbox_enter(), 0);
	make_socket();
	ck_assert_int_eq(prctl(PR_GET_SECCOMP), 0);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	if (!sandbox_is_built()) {
		puts("skipped: this build has no filter, see sandbox.h");
		return 77;
	}
	suite = suite_create("sandbox");
	tcase = tcase_create("sandbox");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_counting_takes_is_left);
	tcase_add_loop_test(
	    tcase, any_other_call_kills, 0, (int)COUNT(forbidden));
	tcase_add_test(tcase, abort_is_left);
	tcase_add_test(tcase, threads_enter_one_by_one);
	tcase_add_test(tcase, who_prepared_none_enters_none);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
