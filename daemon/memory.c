/*
 * The bound on memory. Pure: sums over the settings and the board's layout. The
 * constants are what the structs and libevent's buffers take, rounded up; that
 * they are enough is what the suites test_hostile_* look at.
 */
#include "daemon/memory.h"

#include "daemon/board.h"
#include "daemon/job.h"

/* The program, its libraries and libevent, before the first client. */
#define PROGRAM_BYTES (16 * 1024 * 1024)
/* A connection and its session (1.5 KiB), a read that is one too many, and an
 * answer that is. */
#define CONNECTION_BYTES (4096 + 2 * 16384)
/* The job, its answer and that one's id, its timer, its lane, its batch. */
#define JOB_BYTES 4096
#define TASK_BYTES 1024
/* The histograms of a job that runs. */
#define HISTOGRAMS_BYTES 4096
/* A JSON value with its place in an array or an object. */
#define VALUE_BYTES 256
#define VALUES_PER_CALL 32
/* A stored job, or a question to the recorder: without its result. */
#define STORED_BYTES 4096
/* What the recorder has of each unfinished job; and at a time: a list that is
 * asked for, changes that share a commit, SQLite's cache. */
#define DOCKET_BYTES 512
#define RECORDER_BYTES (48 * 1024 * 1024)
#define MIN_SHARE 16384

_Static_assert(sizeof(struct job) < 640, "a job that waits is a small one");
_Static_assert(sizeof(struct lock_histograms) < HISTOGRAMS_BYTES,
    "HISTOGRAMS_BYTES is enough");
_Static_assert(sizeof(struct task_result) + sizeof(uint32_t) < TASK_BYTES,
    "TASK_BYTES is enough");

uint64_t
memory_share(const struct settings *settings)
{
	uint64_t share =
	    settings->max_client_bytes / 2 / settings->max_connections;

	return share > MIN_SHARE ? share : MIN_SHARE;
}

struct memory_bound
memory_bound(const struct board *board)
{
	const struct settings *settings = board->settings;
	struct memory_bound bound = {
	    .connection_bytes = CONNECTION_BYTES,
	    .job_bytes = JOB_BYTES,
	    .task_bytes = TASK_BYTES,
	    .shared_bytes = board->memory_bytes + board->records_bytes,
	};
	/* Each of these has a task in a slot, or is where a priority of a pool
	 * was overtaken. */
	uint64_t n_running = board->slots_per_frontend +
	    (uint64_t)settings->n_pools * REQUEST_PRIORITIES;
	uint64_t own_bytes, store_bytes = 0;

	if (n_running > settings->max_jobs)
		n_running = settings->max_jobs;
	bound.line_bytes = 4 * settings->max_line_bytes +
	    (uint64_t)settings->max_batch * VALUES_PER_CALL * VALUE_BYTES;
	if (settings_has_store(settings)) {
		/* Results that wait for the disk are as bounded as answers. */
		bound.stored_bytes = STORED_BYTES;
		store_bytes = 2 * settings->max_jobs * bound.stored_bytes +
		    settings->max_client_bytes;
		bound.recorder_bytes =
		    RECORDER_BYTES + settings->max_detached * DOCKET_BYTES;
	}
	own_bytes = PROGRAM_BYTES + store_bytes +
	    settings->max_connections * bound.connection_bytes +
	    settings->max_jobs * bound.job_bytes +
	    n_running *
		(settings->max_workers * bound.task_bytes + HISTOGRAMS_BYTES) +
	    settings->max_client_bytes +
	    2 * settings->max_connections * memory_share(settings) +
	    bound.line_bytes;
	bound.frontend_bytes = own_bytes + bound.shared_bytes;
	bound.total_bytes = settings->frontends * own_bytes +
	    bound.shared_bytes + bound.recorder_bytes;
	return bound;
}
