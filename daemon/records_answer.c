/*
 * What clients are told of the job store. Run by a frontend's one thread.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/frontend.h"
#include "daemon/records_private.h"

/* The store is tried again twice a second. */
#define RETRY_MS 1000

int
store_refuse(const struct records *records, struct rpc_error *error)
{
	const struct settings *settings = records->frontend->settings;

	if (!records->has_store)
		return rpc_error_set(error, RPC_STORE_UNAVAILABLE, NULL,
		    "this gild keeps no jobs: %s",
		    settings->record == RECORD_NONE
			? "record = none is configured"
			: "no state_dir is configured");
	rpc_error_set(error, RPC_STORE_UNAVAILABLE, NULL, "%s",
	    records->link == NULL ? "the recorder is being replaced"
		: records->status.is_available ? "try again"
					       : records->status.reason);
	error->retry_after_ms = RETRY_MS;
	return -1;
}

void
wait_refuse_stopping(struct answer *answer)
{
	struct rpc_error error;

	rpc_error_set(&error, RPC_SHUTTING_DOWN, NULL,
	    "gild stops; the job is kept: wait for it again when gild is back");
	answer_error(answer, &error);
}

static void
refuse_unknown(struct answer *answer, struct job_id id)
{
	char text[JOB_ID_CHARS + 1];
	struct rpc_error error;

	job_id_format(id, text);
	rpc_error_set(&error, RPC_NO_SUCH_JOB, "job",
	    "the job store has no job %s: it was never kept, or was removed "
	    "since",
	    text);
	answer_error(answer, &error);
}

/* What is not MEMO_FINE, where nothing else is meant by it. */
static void
question_refuse(struct record_question *question, const struct memo *memo)
{
	struct rpc_error error;

	switch (memo->outcome) {
	case MEMO_NO_JOB:
		refuse_unknown(question->answer, question->memo.job.id);
		return;
	case MEMO_FULL:
		rpc_error_set(&error, RPC_BUSY, NULL,
		    "there are max_detached = %" PRIu64
		    " unfinished jobs in the store; try again later",
		    memo->n);
		error.retry_after_ms = RETRY_MS;
		break;
	case MEMO_DAMAGED:
		rpc_error_set(&error, RPC_INTERNAL, "job",
		    "what the store has of this job is damaged");
		break;
	case MEMO_UNENDED:
		rpc_error_set(&error, RPC_INVALID_PARAMS, "job",
		    "the job has not ended yet: wait for it first");
		break;
	default:
		store_refuse(question->records, &error);
		break;
	}
	answer_error(question->answer, &error);
}

/* --- submitted jobs --- */

static json_t *
acceptance(const struct job_record *job, bool is_new)
{
	char id[JOB_ID_CHARS + 1];

	job_id_format(job->id, id);
	return json_pack("{s:s, s:s, s:b}", "job", id, "state",
	    job_state_name(job->state), "created", is_new);
}

/* It is in the store: who wanted only that is told, who waits goes on. */
static void
submit_accepted(
    struct record_question *question, const struct job_record *job, bool is_new)
{
	if (question->memo.job.request.detach)
		answer_result(question->answer, acceptance(job, is_new));
	else if (!answer_is_wanted(question->answer))
		answer_result(question->answer, NULL);
	else
		records_wait_on(question->records, job->id, question->answer);
}

static void
answer_submit(struct record_question *question, const struct memo *memo)
{
	struct frontend *frontend = question->records->frontend;
	const struct job_record *asked = &question->memo.job;
	struct rpc_error error;

	if (memo->outcome == MEMO_FINE) {
		if (memo->n != 0 &&
		    (frontend->is_retiring || frontend->is_stopping ||
			question->records->handler->adopt(
			    frontend, asked, question->lanes, false) != 0))
			records_release(question->records, asked->id);
		submit_accepted(question, asked, true);
	} else if (memo->outcome == MEMO_THERE &&
	    job_id_equals(memo->job.id, asked->id)) {
		/* Another recorder was asked before, and had it. */
		submit_accepted(question, asked, true);
	} else if (memo->outcome == MEMO_THERE &&
	    job_request_equals(&memo->job.request, &asked->request)) {
		submit_accepted(question, &memo->job, false);
	} else if (memo->outcome == MEMO_THERE) {
		char id[JOB_ID_CHARS + 1];

		job_id_format(memo->job.id, id);
		rpc_error_set(&error, RPC_KEY_CONFLICT, "key",
		    "job %s has this key, and other parameters", id);
		answer_error(question->answer, &error);
	} else {
		question_refuse(question, memo);
	}
}

/* --- questions about jobs --- */

/* The result as the store has it; NULL when it makes no sense. */
static json_t *
parse_result(const char *behind)
{
	return behind == NULL ? NULL
			      : json_loads(behind, JSON_DECODE_ANY, NULL);
}

static void
answer_wait(struct record_question *question, const char *behind)
{
	answer_result(question->answer, parse_result(behind));
}

static void
answer_get(struct record_question *question, const struct memo *memo,
    const char *behind)
{
	json_t *result =
	    job_state_is_end(memo->job.state) ? parse_result(behind) : NULL;

	answer_result(question->answer,
	    record_to_json(&memo->job, result == NULL ? json_null() : result));
}

static json_t *
list_of(const struct job_record *jobs, uint64_t n, uint32_t limit)
{
	char last[JOB_ID_CHARS + 1];
	json_t *array = json_array();

	for (uint64_t i = 0; i < n; i++) {
		if (json_array_append_new(
			array, record_to_json(&jobs[i], NULL)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	if (n > 0)
		job_id_format(jobs[n - 1].id, last);
	/* Where the list is as long as it may be there may be more. */
	return json_pack("{s:o, s:s?}", "jobs", array, "next",
	    n == limit && n > 0 ? last : NULL);
}

static void
answer_list(struct record_question *question, const struct memo *memo,
    const char *behind)
{
	const struct store_query *query = question->behind;
	const struct job_record *jobs = (const struct job_record *)behind;

	if (memo->n * sizeof(*jobs) != memo->size)
		answer_result(question->answer, NULL);
	else
		answer_result(
		    question->answer, list_of(jobs, memo->n, query->limit));
}

/* n: it was unfinished when it was asked to be cancelled. */
static void
answer_cancel(struct record_question *question, const struct memo *memo)
{
	char id[JOB_ID_CHARS + 1];
	const char *state = job_state_name(memo->job.state);
	struct rpc_error error;

	job_id_format(memo->job.id, id);
	if (memo->job.state == JOB_CANCELLED && memo->n != 0) {
		answer_result(question->answer,
		    json_pack("{s:s, s:s}", "job", id, "state", state));
		return;
	}
	rpc_error_set(&error, RPC_JOB_ENDED, "job",
	    "job %s has ended before, and is %s", id, state);
	answer_error(question->answer, &error);
}

static void
answer_collect(struct record_question *question)
{
	char id[JOB_ID_CHARS + 1];

	job_id_format(question->memo.job.id, id);
	answer_result(question->answer,
	    json_pack("{s:s, s:b}", "job", id, "collected", 1));
}

/* The job is there still: it can be asked again, by who reads. */
static void
refuse_unread(struct answer *answer)
{
	struct rpc_error error;

	rpc_error_set(&error, RPC_BUSY, NULL,
	    "max_unsent bytes of answers wait to be read: read them, then ask "
	    "again");
	error.retry_after_ms = RETRY_MS;
	answer_error(answer, &error);
}

static bool
is_long(enum memo_kind kind)
{
	return kind == MEMO_WAIT || kind == MEMO_GET || kind == MEMO_LIST;
}

void
question_answer(struct record_question *question, const struct memo *memo,
    const char *behind)
{
	bool is_fine = memo->outcome == MEMO_FINE;

	if (question->memo.kind == MEMO_SUBMIT)
		answer_submit(question, memo);
	else if (!is_fine)
		question_refuse(question, memo);
	else if (is_long(question->memo.kind) &&
	    !answer_has_room(question->answer))
		refuse_unread(question->answer);
	else if (question->memo.kind == MEMO_WAIT)
		answer_wait(question, behind);
	else if (question->memo.kind == MEMO_GET)
		answer_get(question, memo, behind);
	else if (question->memo.kind == MEMO_LIST)
		answer_list(question, memo, behind);
	else if (question->memo.kind == MEMO_CANCEL)
		answer_cancel(question, memo);
	else
		answer_collect(question);
	question_close(question);
}

/* --- reports --- */

static const char *
why_not(const struct records *records)
{
	if (!records->has_store)
		return "none is configured";
	if (records->link == NULL)
		return "the recorder is being replaced";
	return records->status.is_available ? NULL : records->status.reason;
}

json_t *
records_info(const struct records *records)
{
	const struct settings *settings = records->frontend->settings;
	const char *reason = why_not(records);

	return json_pack("{s:b, s:s?, s:s, s:I, s:I, s:I, s:I}", "available",
	    reason == NULL, "reason", reason, "record",
	    record_name(settings->record), "keep_for_ns",
	    (json_int_t)settings->keep_for_ns, "keep_bytes",
	    (json_int_t)settings->keep_bytes, "commit_group",
	    (json_int_t)settings->commit_group, "max_detached",
	    (json_int_t)settings->max_detached);
}

json_t *
records_stats(const struct records *records)
{
	const struct frontend *frontend = records->frontend;
	const struct recorder_status *status = &records->status;
	const char *reason = why_not(records);
	uint64_t n_waiting = 0, n_forgotten = status->n_forgotten;

	for (uint32_t i = 0; i < frontend->settings->frontends; i++) {
		const struct frontend_record *counts =
		    &frontend->board->frontends[i];

		n_waiting += counter_get(&counts->results_waiting);
		n_forgotten += counter_get(&counts->histories_forgotten);
	}

	return json_pack("{s:b, s:s?, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "available", reason == NULL, "reason", reason, "pid",
	    records->link == NULL ? 0 : (int)status->pid, "unfinished",
	    (json_int_t)status->figures.n_unfinished, "ended",
	    (json_int_t)status->figures.n_ended, "file_bytes",
	    (json_int_t)status->figures.file_bytes, "commits",
	    (json_int_t)status->n_commits, "changes",
	    (json_int_t)status->n_changes, "uncommitted_results",
	    (json_int_t)n_waiting, "forgotten", (json_int_t)n_forgotten);
}
