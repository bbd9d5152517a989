/*
 * What a frontend asks of the recorder on behalf of its clients. Run by the
 * frontend's one thread. A question is there until it is answered, and is asked
 * again of each new recorder.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"
#include "daemon/records_private.h"

static struct question_bucket *
question_bucket(struct records *records, uint64_t number)
{
	return &records->questions_by_number[number % RECORD_BUCKETS];
}

void
question_close(struct record_question *question)
{
	LIST_REMOVE(question, links);
	LIST_REMOVE(question, by_number);
	question->records->n_questions--;
	question->records->n_waits -= question->memo.kind == MEMO_WAIT;
	if (question->timeout != NULL)
		event_free(question->timeout);
	lanes_unref(question->lanes);
	free(question->behind);
	free(question);
}

void
question_send(struct record_question *question)
{
	if (question->records->link == NULL)
		return;
	question->is_sent = true;
	records_write(question->records, &question->memo, question->behind);
}

/* The recorder need not answer it any more. */
void
question_withdraw(struct record_question *question)
{
	const struct memo memo = {
	    .kind = MEMO_FORGET,
	    .question = question->memo.question,
	};

	if (question->is_sent)
		records_write(question->records, &memo, NULL);
	question_close(question);
}

/* 0, or -1 with *error set: whether one more question of this kind may be asked.
 * Waits may last, so the others have places of their own; and of all of them one
 * client has no more than its share. */
static int
records_admit(const struct records *records, enum memo_kind kind,
    const struct answer *answer, struct rpc_error *error)
{
	const struct settings *settings = records->frontend->settings;
	uint32_t n = kind == MEMO_WAIT
	    ? records->n_waits
	    : records->n_questions - records->n_waits;

	if (!records->has_store ||
	    (records->link == NULL &&
		clock_monotonic_ns() - records->link_lost_ns > LINK_WITHIN_NS))
		return store_refuse(records, error);
	if (n < settings->max_jobs &&
	    answer_count_holds(answer) <= 2 * settings->max_in_flight)
		return 0;
	rpc_error_set(error, RPC_BUSY, NULL,
	    "too many calls wait for the job store, of %s; try again later",
	    n < settings->max_jobs ? "this connection" : "all clients");
	error->retry_after_ms = 100;
	return -1;
}

/* NULL when memory ran out, and that was answered. */
static struct record_question *
question_new(struct records *records, enum memo_kind kind,
    const struct job_record *job, const void *behind, size_t size,
    struct answer *answer)
{
	struct record_question *question;

	question = calloc(1, sizeof(*question));
	if (question == NULL ||
	    (size > 0 && (question->behind = malloc(size)) == NULL)) {
		free(question);
		answer_result(answer, NULL);
		return NULL;
	}
	question->records = records;
	question->answer = answer;
	question->asked_ns = clock_monotonic_ns();
	question->memo = (struct memo){
	    .kind = kind,
	    .question = ++records->last_question,
	    .size = size,
	    .job = *job,
	};
	if (size > 0)
		memcpy(question->behind, behind, size);
	LIST_INSERT_HEAD(&records->questions, question, links);
	LIST_INSERT_HEAD(question_bucket(records, question->memo.question),
	    question, by_number);
	records->n_questions++;
	records->n_waits += kind == MEMO_WAIT;
	return question;
}

struct record_question *
question_ask(struct records *records, enum memo_kind kind,
    const struct job_record *job, const void *behind, size_t size,
    struct answer *answer)
{
	struct rpc_error error;

	if (records_admit(records, kind, answer, &error) == 0)
		return question_new(records, kind, job, behind, size, answer);
	answer_error(answer, &error);
	return NULL;
}

static void
records_ask(struct records *records, enum memo_kind kind, struct job_id id,
    struct answer *answer)
{
	const struct job_record job = {.id = id};
	struct record_question *question =
	    question_ask(records, kind, &job, NULL, 0, answer);

	if (question != NULL)
		question_send(question);
}

void
records_get(struct records *records, struct job_id id, struct answer *answer)
{
	records_ask(records, MEMO_GET, id, answer);
}

void
records_cancel(struct records *records, struct job_id id, struct answer *answer)
{
	records_ask(records, MEMO_CANCEL, id, answer);
}

void
records_collect(
    struct records *records, struct job_id id, struct answer *answer)
{
	records_ask(records, MEMO_COLLECT, id, answer);
}

void
records_list(struct records *records, const struct store_query *query,
    struct answer *answer)
{
	const struct job_record none = {.attempts = 0};
	struct record_question *question = question_ask(
	    records, MEMO_LIST, &none, query, sizeof(*query), answer);

	if (question != NULL)
		question_send(question);
}

void
records_submit(struct records *records, struct job_id id,
    const struct job_request *request, struct lanes *lanes, bool is_for_us,
    struct answer *answer)
{
	const struct job_record job = {
	    .id = id,
	    .request = *request,
	    .is_detached = true,
	    .state = JOB_QUEUED,
	    .accepted_ms = clock_unix_ms(),
	};
	struct record_question *question =
	    question_ask(records, MEMO_SUBMIT, &job, NULL, 0, answer);

	if (question == NULL)
		return;
	question->lanes = lanes_ref(lanes);
	question->memo.n =
	    is_for_us && !records->is_full && !records->frontend->is_retiring;
	question_send(question);
}

static void
wait_timeout_cb(evutil_socket_t fd, short what, void *arg)
{
	struct record_question *question = arg;
	char id[JOB_ID_CHARS + 1];
	struct rpc_error error;

	(void)fd;
	(void)what;
	job_id_format(question->memo.job.id, id);
	rpc_error_set(&error, RPC_WAIT_TIMED_OUT, "timeout_ms",
	    "job %s has not ended yet: wait again", id);
	answer_error(question->answer, &error);
	question_withdraw(question);
}

static int
question_set_timeout(struct record_question *question, uint64_t timeout_ms)
{
	struct timeval delay = {
	    .tv_sec = (time_t)(timeout_ms / 1000),
	    .tv_usec = (suseconds_t)(timeout_ms % 1000 * 1000),
	};

	if (timeout_ms == 0)
		return 0;
	question->timeout = event_new(question->records->frontend->base, -1, 0,
	    wait_timeout_cb, question);
	if (question->timeout == NULL)
		return -1;
	return event_add(question->timeout, &delay);
}

void
records_wait(struct records *records, struct job_id id, uint64_t timeout_ms,
    struct answer *answer)
{
	const struct job_record job = {.id = id};
	struct record_question *question;

	if (records->frontend->is_stopping) {
		wait_refuse_stopping(answer);
		return;
	}
	question = question_ask(records, MEMO_WAIT, &job, NULL, 0, answer);
	if (question == NULL)
		return;
	if (question_set_timeout(question, timeout_ms) != 0) {
		answer_result(answer, NULL);
		question_close(question);
		return;
	}
	question_send(question);
}

void
records_wait_on(
    struct records *records, struct job_id id, struct answer *answer)
{
	const struct job_record job = {.id = id};
	struct record_question *question;

	if (records->frontend->is_stopping) {
		wait_refuse_stopping(answer);
		return;
	}
	question = question_new(records, MEMO_WAIT, &job, NULL, 0, answer);
	if (question != NULL)
		question_send(question);
}

struct record_question *
records_find_question(struct records *records, uint64_t number)
{
	struct record_question *question;

	LIST_FOREACH (question, question_bucket(records, number), by_number) {
		if (question->memo.question == number)
			return question;
	}
	return NULL;
}
