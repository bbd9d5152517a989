/*
 * What a client gets: the result of a job, with the timing of each task.
 *
 * Durations are nanoseconds of the monotonic clock, or of a thread's CPU clock
 * where the name says cpu. The daemon writes results as JSON; the client and
 * the tests read them back. PROTOCOL.md defines each field.
 */
#ifndef GILD_PROTO_RESULT_H
#define GILD_PROTO_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/jobid.h"
#include "proto/lockrecord.h"
#include "proto/request.h"
#include "proto/rpcerror.h"
#include "proto/writer.h"

#define RESULT_REASON_CHARS 159

enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_DONE, /* this and those that follow are ends */
	JOB_FAILED,
	JOB_CANCELLED,
	JOB_TIMED_OUT,
	JOB_STATE_COUNT
};

/* "queued", "running", "done", "failed", "cancelled", "timed_out" */
const char *job_state_name(enum job_state state);
/* 0, or -1 when no state has this name. */
int job_state_parse(const char *name, enum job_state *state)
    __attribute__((warn_unused_result));

/* One task: a part of the job's count, run by one thread or process. */
struct task_result {
	pid_t pid; /* 0 when the task never started */
	pid_t tid;
	uint32_t attempts;    /* times it was started */
	uint64_t count;	      /* turns asked for */
	uint64_t turns;	      /* turns done by the last attempt */
	uint64_t start_ns;    /* from the job's arrival to its start */
	uint64_t wall_ns;     /* start to end */
	uint64_t cpu_ns;      /* of its thread */
	uint64_t cpu_wait_ns; /* ready to run, and the CPU was another's */
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	uint64_t migrations; /* changes of CPU that it noticed */
	/* Without a lock all zeros, but for io_ns and io_operations. */
	struct lock_record lock;
	struct lock_blame blame;
};

struct job_timing {
	uint64_t queue_ns; /* arrival to the first task's start */
	uint64_t wall_ns;  /* first task's start to last task's end */
	uint64_t total_ns; /* arrival to answer */
	uint64_t cpu_ns;   /* this and the rest: sums over the tasks */
	uint64_t cpu_wait_ns;
	uint64_t lock_wait_ns;
	uint64_t lock_held_ns;
	uint64_t switch_wait_ns;
	uint64_t native_ns;
	uint64_t io_ns;
};

struct job_result {
	struct job_id job;
	enum job_state state;
	char reason[RESULT_REASON_CHARS + 1]; /* "" when done */
	char pool[POOL_NAME_CHARS + 1];
	uint64_t count;
	uint32_t workers;
	uint64_t cost_ns;
	enum job_profile profile;
	uint64_t io_every; /* these two: 0 but with PROFILE_IO */
	uint64_t io_for_us;
	uint32_t attempts; /* the most that any of its tasks took */
	struct job_timing timing;
	bool has_lock;		 /* the pool is of kind threads */
	struct lock_record lock; /* this and the histograms: sums over the
				  * tasks */
	struct lock_histograms *histograms; /* owned; NULL: all are empty */
	uint32_t n_tasks;
	struct task_result *tasks; /* owned, n_tasks of them */
};

/*
 * From the tasks to the job as a whole: fills in attempts, timing and lock of
 * a result in which these are zeros. A task that did not run to an end (its wall_ns
 * is 0) does not count for wall_ns; where none did, all of total_ns is queue.
 */
void job_result_sum_up(struct job_result *result, uint64_t total_ns);

/* Writes it, as one value. */
void job_result_write(struct writer *writer, const struct job_result *result);

/*
 * Reads a result back. 0, or -1 with *error naming the member at fault. Members
 * that are not known are ignored, so that an older client reads a newer
 * daemon. On 0 the result is to be freed.
 */
int job_result_from_json(const json_t *json, struct job_result *result,
    struct rpc_error *error) __attribute__((warn_unused_result));

/*
 * What a result has in common with a job's record (record.h): its names, which
 * are job, state, reason, pool and profile, and its timing. To the wire: the
 * names into an object that is open, the timing as an object. Back: 0, or -1
 * with *error naming the member at fault.
 */
void job_names_put(struct writer *writer, const struct job_result *result);
int job_names_read(const json_t *json, struct job_result *result,
    struct rpc_error *error) __attribute__((warn_unused_result));
void job_timing_put(struct writer *writer, const struct job_timing *timing);
int job_timing_from_json(const json_t *json, struct job_timing *timing,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* Frees what the result owns, not the struct itself. NULL is fine. */
void job_result_free(struct job_result *result);

#endif
