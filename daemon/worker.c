/*
 * A worker process: single-threaded, no event loop, no lock. It blocks in the
 * read(2) that claims a task, or it counts; a signal comes now and then for it
 * to give a sign of life. It ends when the queue does; when the master dies the
 * kernel kills it.
 */
#include "daemon/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/executor.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/pulse.h"

int
worker_main(const struct generation *generation, const struct process *process)
{
	/* The alarm goes on until the process has ended, beyond this call. */
	static struct pulse pulse;
	struct executor executor;

	pulse_init(&pulse, generation, process);
	executor_init(
	    &executor, generation, process->pool, process->first_seat, NULL);
	if (pulse_start_alarm(&pulse) != 0)
		log_warn("cannot give signs of life: %s", strerror(errno));
	generation_announce(generation, process->index);
	return executor_run(&executor) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
