/*
 * A worker process: single-threaded, no event loop, no lock. It blocks in the
 * read(2) that claims a task, or it counts. It ends when the queue does; when
 * the master dies the kernel kills it.
 */
#include "daemon/worker.h"

#include <stdlib.h>

#include "daemon/executor.h"
#include "daemon/process.h"

int
worker_main(const struct generation *generation, const struct process *process)
{
	struct executor executor;

	executor_init(
	    &executor, generation, process->pool, process->first_seat, NULL);
	generation_announce(generation, process->index);
	return executor_run(&executor) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
