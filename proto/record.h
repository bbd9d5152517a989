/*
 * A job as the store has it, and as job.get and job.list tell of it: what was
 * asked for, how far it is, and what became of it. The result itself, which is
 * longer, stands beside it where it is wanted.
 *
 * The daemon writes records as JSON, the client reads them. PROTOCOL.md defines
 * each field.
 */
#ifndef GILD_PROTO_RECORD_H
#define GILD_PROTO_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/jobid.h"
#include "proto/request.h"
#include "proto/result.h"
#include "proto/rpcerror.h"

/* Times are Unix time in ms; 0: not yet. */
struct job_record {
	struct job_id id;
	struct job_request request;
	bool
	    is_detached; /* waited for by anybody; else a plain job's history */
	bool is_collected; /* somebody has said that he has its result */
	enum job_state state;
	uint32_t attempts; /* starts that were lost with who ran it; of one
			    * that has ended: as its result says */
	uint64_t accepted_ms;
	uint64_t started_ms; /* when it was started last */
	uint64_t ended_ms;
	char reason[RESULT_REASON_CHARS + 1]; /* "" unless it ended not done */
	struct job_timing timing;	      /* all 0 until it has ended */
};

/* "done", "failed", "cancelled" and "timed_out" are ends. */
bool job_state_is_end(enum job_state state);

/*
 * A new reference, or NULL when memory ran out. `result` becomes the member of
 * that name and is stolen, as by json_object_set_new(): json_null() for a job
 * that has not ended. NULL: the record has no such member, as in a list.
 */
json_t *record_to_json(const struct job_record *record, json_t *result);

/*
 * Reads a record back; its result is left to job_result_from_json(). 0, or -1
 * with *error naming the member at fault. Members that are not known are
 * ignored. A record does not tell how the job was submitted: the request's
 * wants_progress and detach are false.
 */
int record_from_json(const json_t *json, struct job_record *record,
    struct rpc_error *error) __attribute__((warn_unused_result));

#endif
