/*
 * What the filter of system calls costs an executor: the same tasks, of one
 * turn each, run by executor_run() in a child with the filter and in one
 * without, in turns; and, once a process or thread, making and entering it. It
 * prints and does not judge.
 */
#include "daemon/sandbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/executor.h"
#include "tests/bench/bench.h"

#define ROUNDS 41
#define MAX_TASKS 10000

/* What a child measured, in memory that it shares with its parent. */
struct outcome {
	uint64_t tasks_ns, prepare_ns, enter_ns;
	bool is_filtered;
};

/* One pool is used; of the others' size is only the number of slots. */
#define POOL                                                           \
	{                                                              \
		.kind = POOL_PROCESSES, .size = SETTINGS_MAX_POOL_SIZE \
	}
static struct settings settings = {
    .frontends = 1,
    .n_pools = 8,
    .pools = {POOL, POOL, POOL, POOL, POOL, POOL, POOL, POOL},
};
static struct listeners listeners;
static struct generation generation;
static uint32_t n_tasks;

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void
push_tasks(void)
{
	for (uint32_t i = 0; i < n_tasks; i++) {
		struct slot *slot = &generation.board.slots[i];
		uint32_t ticket = slot_publish(slot, i);

		slot->count = slot->stride = 1;
		slot->arrival_ns = clock_monotonic_ns();
		if (queue_push_bundle_of(&generation.run[0], ticket) != 0)
			die("queue");
	}
	queue_close_writer(&generation.run[0]);
}

/* The child. The executor enters by itself. */
static void
run_tasks(bool is_filtered, struct outcome *outcome)
{
	struct executor executor;
	uint64_t start_ns = clock_monotonic_ns();

	if (is_filtered && sandbox_prepare(-1) != 0)
		die("sandbox_prepare");
	outcome->prepare_ns = clock_monotonic_ns() - start_ns;
	executor_init(&executor, &generation, 0, 0, NULL);
	start_ns = clock_monotonic_ns();
	if (executor_run(&executor) != 0)
		die("executor");
	outcome->tasks_ns = clock_monotonic_ns() - start_ns;
	_exit(EXIT_SUCCESS);
}

static void
enter_alone(struct outcome *outcome)
{
	uint64_t start_ns;

	if (sandbox_prepare(-1) != 0)
		die("sandbox_prepare");
	start_ns = clock_monotonic_ns();
	if (sandbox_enter() != 0)
		die("sandbox_enter");
	outcome->enter_ns = clock_monotonic_ns() - start_ns;
	_exit(EXIT_SUCCESS);
}

static void
await(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die("a child");
}

/* Nanoseconds a task. */
static double
measure(bool is_filtered, struct outcome *outcome)
{
	pid_t pid;

	if (generation_open(&generation, &settings, &listeners) != 0)
		die("generation");
	n_tasks = generation.board.n_slots < MAX_TASKS
	    ? generation.board.n_slots
	    : MAX_TASKS;
	push_tasks();
	pid = fork();
	if (pid == 0)
		run_tasks(is_filtered, outcome);
	await(pid);
	generation_close(&generation);
	return (double)outcome->tasks_ns / n_tasks;
}

int
main(void)
{
	struct outcome *outcome;
	double without[ROUNDS], with[ROUNDS], ratio[ROUNDS];
	double prepare_us[ROUNDS], enter_us[ROUNDS];

	if (!sandbox_is_built()) {
		puts("this build has no filter");
		return EXIT_SUCCESS;
	}
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid;

		without[i] = measure(false, outcome);
		with[i] = measure(true, outcome);
		ratio[i] = with[i] / without[i];
		prepare_us[i] = (double)outcome->prepare_ns / 1e3;
		pid = fork();
		if (pid == 0)
			enter_alone(outcome);
		await(pid);
		enter_us[i] = (double)outcome->enter_ns / 1e3;
	}
	printf("%" PRIu32 " tasks of one turn, median of %d rounds\n\n",
	    n_tasks, ROUNDS);
	printf("  %-28s %8.0f ns a task\n", "without the filter",
	    median(without, ROUNDS));
	printf("  %-28s %8.0f ns a task   ratio %.3f\n", "with it",
	    median(with, ROUNDS), median(ratio, ROUNDS));
	printf("  %-28s %8.1f us a process\n", "making it",
	    median(prepare_us, ROUNDS));
	printf("  %-28s %8.1f us a thread\n", "entering it",
	    median(enter_us, ROUNDS));
	munmap(outcome, sizeof(*outcome));
	return EXIT_SUCCESS;
}
