/*
 * machine: what this machine can do with nobody else's help.
 *
 *	machine loop TURNS CPU...
 *		a process on each of these CPUs counts down from TURNS, all
 *		beginning together: {"wall_ns":...,"cpu_ns":[...]}
 *	machine steady MS
 *		a process on each CPU counts for so long. How fast, in turns a
 *		microsecond of its own time, in the middle one of its
 *		milliseconds: what changes there is the CPU. And its share of
 *		the time: what it did not have was somebody else's. And of these
 *		milliseconds the share in which it did less than half of what it
 *		did at best, and how many followed each other.
 *		{"turns_per_us":[...],"shares":[...],"slow":[...],"slow_ms":[...]}
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

#define MAX_PROCESSES 256
#define STEP UINT64_C(20000)
#define CHUNK_NS NS_PER_MS
#define MAX_CHUNKS 10000

/* One turn a cycle, with no check. */
static __attribute__((noinline, aligned(64))) void
count_down(uint64_t turns)
{
	while (turns > 0) {
		turns--;
		__asm__ volatile("" : "+r"(turns));
	}
}

struct figures {
	uint64_t begin_ns, end_ns, cpu_ns;
	double turns_per_us;
	double slow; /* a share */
	size_t slow_ms;
};

static struct figures *figures; /* of each process; all of them map it */

struct plan {
	uint64_t turns;	  /* 0: for so long */
	uint64_t span_ns; /* of the wall's clock */
	unsigned n;
	int cpus[MAX_PROCESSES];
};

/* Turns a microsecond of CPU time, for a moment. */
static double
count_a_chunk(void)
{
	uint64_t begin_ns = clock_thread_cpu_ns(), spent_ns, turns = 0;

	do {
		count_down(STEP);
		turns += STEP;
		spent_ns = clock_thread_cpu_ns() - begin_ns;
	} while (spent_ns < CHUNK_NS);
	return (double)turns * 1e3 / (double)spent_ns;
}

static void
find_slow(const double speeds[], size_t n, struct figures *own)
{
	double best = 0;
	size_t slow = 0, in_a_row = 0;

	for (size_t i = 0; i < n; i++)
		if (speeds[i] > best)
			best = speeds[i];
	for (size_t i = 0; i < n; i++) {
		in_a_row = speeds[i] < best / 2 ? in_a_row + 1 : 0;
		slow += in_a_row > 0;
		if (in_a_row > own->slow_ms)
			own->slow_ms = in_a_row;
	}
	own->slow = (double)slow / (double)n;
}

static void
count_for(uint64_t span_ns, struct figures *own)
{
	static double speeds[MAX_CHUNKS];
	uint64_t begin_ns = clock_monotonic_ns();
	size_t n = 0;

	do
		speeds[n++] = count_a_chunk();
	while (n < MAX_CHUNKS && clock_monotonic_ns() - begin_ns < span_ns);
	find_slow(speeds, n, own);
	own->turns_per_us = median(speeds, n);
}

static void
run_one(const struct plan *plan, unsigned i, int start)
{
	struct figures *own = &figures[i];
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(plan->cpus[i]);
	if (read(start, &byte, 1) < 0)
		die("read");
	own->begin_ns = clock_monotonic_ns();
	own->cpu_ns = clock_thread_cpu_ns();
	if (plan->turns > 0)
		count_down(plan->turns);
	else
		count_for(plan->span_ns, own);
	own->cpu_ns = clock_thread_cpu_ns() - own->cpu_ns;
	own->end_ns = clock_monotonic_ns();
}

/* Processes that begin when the pipe that they read from is closed. */
static void
run_all(const struct plan *plan)
{
	int ends[2];

	if (pipe(ends) != 0)
		die("pipe");
	for (unsigned i = 0; i < plan->n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(ends[1]);
			run_one(plan, i, ends[0]);
			_exit(EXIT_SUCCESS);
		}
	}
	close(ends[0]);
	close(ends[1]);
	for (unsigned i = 0; i < plan->n; i++) {
		int status;

		if (wait(&status) < 0 || status != 0)
			exit(EXIT_FAILURE);
	}
}

static void
say_loop(const struct plan *plan)
{
	uint64_t begin_ns = UINT64_MAX, end_ns = 0;

	for (unsigned i = 0; i < plan->n; i++) {
		if (figures[i].begin_ns < begin_ns)
			begin_ns = figures[i].begin_ns;
		if (figures[i].end_ns > end_ns)
			end_ns = figures[i].end_ns;
	}
	printf("{\"wall_ns\":%" PRIu64 ",\"cpu_ns\":[", end_ns - begin_ns);
	for (unsigned i = 0; i < plan->n; i++)
		printf("%s%" PRIu64, i > 0 ? "," : "", figures[i].cpu_ns);
	printf("]}\n");
}

static void
say_steady(const struct plan *plan)
{
	printf("{\"turns_per_us\":[");
	for (unsigned i = 0; i < plan->n; i++)
		printf("%s%.2f", i > 0 ? "," : "", figures[i].turns_per_us);
	printf("],\"shares\":[");
	for (unsigned i = 0; i < plan->n; i++)
		printf("%s%.4f", i > 0 ? "," : "",
		    (double)figures[i].cpu_ns /
			(double)(figures[i].end_ns - figures[i].begin_ns));
	printf("],\"slow\":[");
	for (unsigned i = 0; i < plan->n; i++)
		printf("%s%.4f", i > 0 ? "," : "", figures[i].slow);
	printf("],\"slow_ms\":[");
	for (unsigned i = 0; i < plan->n; i++)
		printf("%s%zu", i > 0 ? "," : "", figures[i].slow_ms);
	printf("]}\n");
}

static void __attribute__((noreturn)) usage(void)
{
	fprintf(
	    stderr, "usage: machine loop TURNS CPU... | machine steady MS\n");
	exit(2);
}

int
main(int argc, char *argv[])
{
	static struct plan plan;
	uint64_t number = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

	figures = mmap(NULL, MAX_PROCESSES * sizeof(*figures),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (figures == MAP_FAILED)
		die("mmap");
	if (number == 0 || argc - 3 > MAX_PROCESSES)
		usage();
	if (argc > 3 && strcmp(argv[1], "loop") == 0) {
		plan.turns = number;
		while (plan.n < (unsigned)argc - 3) {
			plan.cpus[plan.n] = atoi(argv[3 + plan.n]);
			plan.n++;
		}
		run_all(&plan);
		say_loop(&plan);
	} else if (argc == 3 && strcmp(argv[1], "steady") == 0) {
		plan.span_ns = number * NS_PER_MS;
		while (plan.n < MAX_PROCESSES && find_cpu((int)plan.n) >= 0) {
			plan.cpus[plan.n] = find_cpu((int)plan.n);
			plan.n++;
		}
		run_all(&plan);
		say_steady(&plan);
	} else {
		usage();
	}
	return EXIT_SUCCESS;
}
