/*
 * An interpreter process: N threads that share one lock, each an executor, and
 * the main thread, which counts nothing. The main thread waits for the bell:
 * a frontend rings it after it set a cancel flag or the pool's interval, and
 * the main thread makes those who wait for the lock look again, since no
 * other process can wake them.
 *
 * The threads end when the queue does. When the master dies the kernel kills
 * the process.
 */
#include "daemon/interpreter.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/executor.h"
#include "daemon/log.h"
#include "daemon/process.h"

struct interpreter {
	const struct generation *generation;
	const struct process *process;
	struct gil *gil;
	uint32_t n_threads; /* that run */
	pthread_t *threads;
	struct executor *executors;
};

static void *
thread_main(void *arg)
{
	if (executor_run(arg) != 0)
		fatal("a thread of the pool cannot go on");
	return NULL;
}

static int
interpreter_start(struct interpreter *interpreter)
{
	const struct process *process = interpreter->process;

	for (uint32_t i = 0; i < process->n_seats; i++) {
		struct executor *executor = &interpreter->executors[i];
		int error;

		executor_init(executor, interpreter->generation, process->pool,
		    process->first_seat + i, interpreter->gil);
		error = pthread_create(
		    &interpreter->threads[i], NULL, thread_main, executor);
		if (error != 0) {
			log_warn("cannot start thread %u of %u: %s", i + 1,
			    process->n_seats, strerror(error));
			return -1;
		}
		interpreter->n_threads++;
	}
	return 0;
}

static void
interpreter_answer_bell(struct interpreter *interpreter)
{
	const struct generation *generation = interpreter->generation;
	uint32_t pool = interpreter->process->pool;
	uint64_t rings;

	if (read(generation->bells[pool], &rings, sizeof(rings)) < 0)
		return;
	gil_set_interval(interpreter->gil,
	    counter_get(&generation->board.pools[pool].interval_us) *
		NS_PER_US);
	gil_wake_all(interpreter->gil);
}

/* Until every writer of the run queue has closed it. */
static void
interpreter_serve(struct interpreter *interpreter)
{
	const struct generation *generation = interpreter->generation;
	uint32_t pool = interpreter->process->pool;
	struct pollfd fds[] = {
	    {.fd = generation->run[pool].read_fd, .events = 0},
	    {.fd = generation->bells[pool], .events = POLLIN},
	};

	while ((fds[0].revents & POLLHUP) == 0) {
		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				fatal("poll: %s", strerror(errno));
			continue;
		}
		if (fds[1].revents != 0)
			interpreter_answer_bell(interpreter);
	}
}

int
interpreter_main(
    const struct generation *generation, const struct process *process)
{
	const struct pool_settings *pool =
	    &generation->settings->pools[process->pool];
	struct interpreter interpreter = {
	    .generation = generation,
	    .process = process,
	};
	struct gil_config config = {
	    .policy = pool->policy,
	    .interval_ns =
		counter_get(
		    &generation->board.pools[process->pool].interval_us) *
		NS_PER_US,
	    .force = pool->force,
	};

	interpreter.gil = gil_new(&config);
	interpreter.threads = calloc(process->n_seats, sizeof(pthread_t));
	interpreter.executors =
	    calloc(process->n_seats, sizeof(struct executor));
	if (interpreter.gil == NULL || interpreter.threads == NULL ||
	    interpreter.executors == NULL)
		fatal("cannot set the pool up: %s", strerror(errno));
	if (interpreter_start(&interpreter) != 0)
		exit(EXIT_FAILURE);
	generation_announce(generation, process->index);
	interpreter_serve(&interpreter);
	for (uint32_t i = 0; i < interpreter.n_threads; i++)
		pthread_join(interpreter.threads[i], NULL);
	free(interpreter.executors);
	free(interpreter.threads);
	gil_free(interpreter.gil);
	return EXIT_SUCCESS;
}
