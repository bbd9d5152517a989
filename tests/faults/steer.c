/*
 * Rules of a preloaded libgildfaults.so, seen from the test that started it: in
 * the test's process, through the file that both map.
 */
#include "config.h"

#include "tests/faults/steer.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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
