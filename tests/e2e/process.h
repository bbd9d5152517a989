/*
 * Processes and time, for end-to-end tests: deadlines, a private folder, the
 * start and the end of programs, and who is whose child.
 *
 * For the body of a Check test that runs in a process of its own (CK_FORK).
 * What goes wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_PROCESS_H
#define GILD_TESTS_E2E_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_ARGS 64

/* Milliseconds that a wait may last: 20 s times the scale. */
int deadline_ms(void);
/* GILD_TEST_SCALE, 1 where it is not set. */
int test_scale(void);
/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);
/* What is left until then, for poll(): never less than 0. */
int ms_until(int64_t end_ms);

/*
 * A private folder of this test. One that passes takes it down again; that of
 * one that fails stays until scratch_end(). Not to be freed.
 */
const char *scratch_dir(void);
/*
 * Lets everybody pass through that folder. False where that does not help,
 * since they cannot come to it.
 */
bool scratch_open_to_others(void);
/* For the process that forks the tests: before the first, after the last. */
void scratch_begin(void);
/* Calls show() for each file that failed tests left, and removes them. */
void scratch_end(void (*show)(const char *path));
/* realloc() that fails the test rather than return NULL. */
void *grow(void *memory, size_t bytes);
/* A whole file, NUL-terminated: free() it. */
char *read_file(const char *path);

struct run {
	int status;	 /* as of waitpid() */
	int exit_status; /* -1 when a signal ended it */
	char *out;
	char *err;
};

/*
 * Runs a program to its end, with input as its stdin (NULL for none). "gild"
 * and "gilctl" are those that were built. Not to be freed.
 */
struct run *run_program(const char *input, const char *program, ...)
    __attribute__((sentinel));

/*
 * Starts a program with these descriptors as its stdin, stdout and stderr. It
 * is killed when the test's process dies.
 */
pid_t process_spawn(const char *const argv[], int in, int out, int err);
/* Whether the test's process has started this one itself. */
bool process_is_spawned(pid_t pid);
/*
 * The next program that is started gets these sockets as a service manager
 * passes them (sd_listen_fds(3)), with these names. They stay the caller's.
 */
void process_pass_sockets(const int fds[], size_t n, const char *names);
/*
 * Waits for a child of ours. False when it still lives at end_ms; status may
 * be NULL.
 */
bool process_reap(pid_t pid, int *status, int64_t end_ms);
/*
 * The children of a process. The test's process inherits the children of its
 * descendants: whom a dead master left behind is a child of getpid().
 */
size_t process_children(pid_t parent, pid_t pids[], size_t max_pids);
uint64_t process_rss_kib(pid_t pid);
/* The most that it ever was. */
uint64_t process_peak_kib(pid_t pid);
/* How many descriptors a process has. */
size_t process_count_fds(pid_t pid);

#endif
