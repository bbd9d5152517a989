/*
 * Rules of a preloaded libgildfaults.so, seen from the test that started it: in
 * the test's process, through the file that both map.
 */
#include "config.h"

#include "tests/faults/steer.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/faults.h"

static struct faults_state *state;

bool
faults_are_possible(void)
{
#ifdef GILD_INSTRUMENTED
	return false;
#else
	return true;
#endif
}

/* Makes the file, filled with zeros, and maps it. */
static void
map_state(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, sizeof(*state)), 0);
	state = mmap(
	    NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(state, MAP_FAILED);
	close(fd);
}

void
faults_set(const char *rules)
{
	const char *builddir = getenv("builddir");
	char path[512];

	if (rules == NULL) {
		unsetenv("LD_PRELOAD");
		return;
	}
	snprintf(path, sizeof(path), "%s/faults", scratch_dir());
	map_state(path);
	setenv("GILD_FAULTS_STATE", path, 1);
	setenv("GILD_FAULTS", rules, 1);
	snprintf(path, sizeof(path), "%s/tests/faults/libgildfaults.so",
	    builddir != NULL ? builddir : ".");
	ck_assert_msg(access(path, R_OK) == 0, "there is no %s", path);
	setenv("LD_PRELOAD", path, 1);
}

void
faults_arm(unsigned i, uint64_t n, uint64_t count)
{
	struct fault_rule_state *rule = &state->rules[i];

	atomic_store(&rule->is_armed, 0);
	atomic_store(&rule->from, n);
	atomic_store(&rule->count, count);
	atomic_store(&rule->seen, 0);
	atomic_store(&rule->failed, 0);
	atomic_store_explicit(&rule->is_armed, 1, memory_order_release);
}

uint64_t
faults_disarm(unsigned i)
{
	atomic_store(&state->rules[i].is_armed, 0);
	return faults_count(i);
}

uint64_t
faults_count(unsigned i)
{
	return atomic_load(&state->rules[i].failed);
}

void
faults_await(unsigned i, uint64_t n)
{
	int64_t end_ms = now_ms() + deadline_ms();

	while (faults_count(i) < n) {
		ck_assert_msg(ms_until(end_ms) > 0,
		    "rule %u has made %llu calls fail, not %llu", i,
		    (unsigned long long)faults_count(i), (unsigned long long)n);
		poll(NULL, 0, 5); /* nobody tells of a failed call */
	}
}

bool
faults_start(const char *rule, uint64_t n)
{
	static const char *const argv[] = {"gild", "-l", "127.0.0.1:0", NULL};
	char rules[64], said[256] = "", *at = said;
	int out[2], null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	bool is_ready = false;
	pid_t pid;
	ssize_t got;

	snprintf(
	    rules, sizeof(rules), "%s:from=%llu", rule, (unsigned long long)n);
	faults_set(rules);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	pid = process_spawn(argv, null, out[1], null);
	close(out[1]);
	close(null);
	while (!is_ready &&
	    (got = read(out[0], at, (size_t)(said + 255 - at))) > 0) {
		at += got;
		is_ready = strstr(said, "ready\n") != NULL;
	}
	if (is_ready)
		kill(pid, SIGTERM);
	ck_assert_msg(process_reap(pid, &status, now_ms() + deadline_ms()),
	    "call %llu failed, and gild has not ended", (unsigned long long)n);
	close(out[0]);
	ck_assert_msg(WIFEXITED(status) &&
		WEXITSTATUS(status) == (is_ready ? EXIT_SUCCESS : EXIT_FAILURE),
	    "call %llu failed: wait status %#x", (unsigned long long)n,
	    (unsigned)status);
	ck_assert_uint_eq(process_children(getpid(), &pid, 1), 0);
	return is_ready;
}
