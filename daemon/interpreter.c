/*
 * An interpreter process: N threads, each an executor, that share one lock, or
 * several (then they are domains, as sub-interpreters are), or have each its
 * own, which nobody else wants: free threading. And the main thread, which
 * counts nothing. It waits for the bell: a frontend rings it after it set a
 * cancel flag or one of the pool's parameters, and the main thread makes those
 * who wait for a lock look again, since no other process can wake them. Now and
 * then it gives a sign of life, for all of them.
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
#include "daemon/pulse.h"
#include "daemon/sandbox.h"

struct interpreter {
	const struct generation *generation;
	const struct process *process;
	const struct pool_settings *pool;
	uint32_t n_domains;
	struct gil **domains;
	uint32_t n_threads; /* that run */
	struct pulse pulse;
	pthread_t *ids;
	struct gil_thread *threads;
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
interpreter_make_locks(struct interpreter *interpreter)
{
	const struct board *board = &interpreter->generation->board;
	uint32_t pool = interpreter->process->pool;

	for (uint32_t i = 0; i < interpreter->n_domains; i++) {
		struct gil_config config = {
		    .parameters = board_gil_parameters(board, pool),
		    .domain = (uint16_t)i,
		    .totals = &board->domains[pool][i],
		    .event_number = &board->pools[pool].event_number,
		};

		interpreter->domains[i] = gil_new(&config);
		if (interpreter->domains[i] == NULL)
			return -1;
	}
	return 0;
}

static int
interpreter_make_thread(struct interpreter *interpreter, uint32_t number)
{
	const struct generation *generation = interpreter->generation;
	const struct process *process = interpreter->process;
	struct gil_thread *thread = &interpreter->threads[number];
	uint32_t domain = pool_thread_domain(interpreter->pool, number);
	struct gil_thread_config config = {
	    .number = (uint16_t)number,
	    .ring = board_ring(&generation->board, process->pool, number),
	    .blocked_by =
		board_blocked(&generation->board, process->pool, number),
	};

	/* A predecessor may have been killed while it wrote. */
	event_ring_recover(config.ring);
	if (gil_join(interpreter->domains[domain], thread, &config) != 0)
		return -1;
	executor_init(&interpreter->executors[number], generation,
	    process->pool, process->first_seat + number, thread);
	return 0;
}

static int
interpreter_start(struct interpreter *interpreter)
{
	uint32_t n = interpreter->process->n_seats;

	for (uint32_t i = 0; i < n; i++) {
		int error = pthread_create(&interpreter->ids[i], NULL,
		    thread_main, &interpreter->executors[i]);

		if (error != 0) {
			struct log_fields fields = {
			    .pool = interpreter->pool->name};

			log_event(LOG_LEVEL_WARN, &fields,
			    "cannot start thread %u of %u: %s", i + 1, n,
			    strerror(error));
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
	struct gil_parameters parameters;
	uint64_t rings;

	if (read(generation->bells[pool], &rings, sizeof(rings)) < 0)
		return;
	/* After the read: what is set later rings again. */
	parameters = board_gil_parameters(&generation->board, pool);
	for (uint32_t i = 0; i < interpreter->n_domains; i++)
		gil_set_parameters(interpreter->domains[i], &parameters);
}

/* Until every writer of the run queue has closed it. */
static void
interpreter_serve(struct interpreter *interpreter)
{
	const struct generation *generation = interpreter->generation;
	uint64_t period_ns = pulse_period_ns(generation->settings);
	int period_ms = period_ns == 0 ? -1 : (int)(period_ns / NS_PER_MS);
	uint32_t pool = interpreter->process->pool;
	struct pollfd fds[] = {
	    {.fd = generation->run[pool].read_fd, .events = 0},
	    {.fd = generation->bells[pool], .events = POLLIN},
	};

	while ((fds[0].revents & POLLHUP) == 0) {
		int n = poll(fds, 2, period_ms);

		if (n < 0 && errno != EINTR)
			fatal("poll: %s", strerror(errno));
		if (n > 0 && fds[1].revents != 0)
			interpreter_answer_bell(interpreter);
		pulse_beat(&interpreter->pulse);
		log_settle();
	}
}

/* Everything but the running threads, or -1 with errno set. */
static int
interpreter_make(struct interpreter *interpreter)
{
	uint32_t n = interpreter->process->n_seats;

	interpreter->domains =
	    calloc(interpreter->n_domains, sizeof(*interpreter->domains));
	interpreter->ids = calloc(n, sizeof(*interpreter->ids));
	interpreter->threads = calloc(n, sizeof(*interpreter->threads));
	interpreter->executors = calloc(n, sizeof(*interpreter->executors));
	if (interpreter->domains == NULL || interpreter->ids == NULL ||
	    interpreter->threads == NULL || interpreter->executors == NULL ||
	    interpreter_make_locks(interpreter) != 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (interpreter_make_thread(interpreter, i) != 0)
			return -1;
	}
	return 0;
}

static void
interpreter_unmake(struct interpreter *interpreter)
{
	for (uint32_t i = 0; i < interpreter->process->n_seats; i++)
		gil_leave(&interpreter->threads[i]);
	for (uint32_t i = 0; i < interpreter->n_domains; i++)
		gil_free(interpreter->domains[i]);
	free(interpreter->executors);
	free(interpreter->threads);
	free(interpreter->ids);
	free(interpreter->domains);
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
	    .pool = pool,
	    .n_domains = pool_domain_count(pool),
	};

	pulse_init(&interpreter.pulse, generation, process);
	if (interpreter_make(&interpreter) != 0)
		fatal("cannot set the pool up: %s", strerror(errno));
	if (interpreter_start(&interpreter) != 0)
		exit(EXIT_FAILURE);
	if (sandbox_enter() != 0)
		fatal("cannot filter system calls: %s", strerror(errno));
	generation_announce(generation, process->index);
	interpreter_serve(&interpreter);
	for (uint32_t i = 0; i < interpreter.n_threads; i++)
		pthread_join(interpreter.ids[i], NULL);
	interpreter_unmake(&interpreter);
	return EXIT_SUCCESS;
}
