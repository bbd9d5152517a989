/*
 * A frontend's link to the recorder. Run by the frontend's one thread. A memo
 * is small, and what waits in the link's buffer is bounded: by the questions
 * that may be open, by the jobs that may have ended, and by HISTORY_ROOM.
 */
#include "daemon/records.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"
#include "daemon/log.h"
#include "daemon/records_private.h"

/* How long a question waits for a recorder to be there. */
#define LINK_WITHIN_NS (5 * NS_PER_S)
/* Before a frontend ends. */
#define FLUSH_WITHIN_NS NS_PER_S
#define HISTORY_ROOM ((size_t)16 << 20)

/* --- memos out --- */

static void
records_write(
    struct records *records, const struct memo *memo, const void *behind)
{
	if (records->link == NULL)
		return;
	if (memo_write(bufferevent_get_output(records->link), memo, behind) !=
	    0)
		fatal("out of memory");
}

static void
records_tell(
    struct records *records, enum memo_kind kind, const struct job_record *job)
{
	const struct memo memo = {.kind = kind, .job = *job};

	records_write(records, &memo, NULL);
}

void
records_start(struct records *records, struct job_id id, uint64_t now_ms)
{
	const struct job_record job = {.id = id, .started_ms = now_ms};

	records_tell(records, MEMO_START, &job);
}

void
records_lose(struct records *records, struct job_id id, uint32_t attempts)
{
	const struct job_record job = {.id = id, .attempts = attempts};

	records_tell(records, MEMO_LOSE, &job);
}

void
records_release(struct records *records, struct job_id id)
{
	const struct job_record job = {.id = id};

	records_tell(records, MEMO_RELEASE, &job);
}

static void
records_tell_end(struct records *records, struct ended_job *ended)
{
	const struct memo memo = {
	    .kind = MEMO_END,
	    .size = strlen(ended->result),
	    .job = ended->record,
	};

	records_write(records, &memo, ended->result);
}

static struct frontend_record *
records_counts(const struct records *records)
{
	const struct frontend *frontend = records->frontend;

	return &frontend->board->frontends[frontend->number];
}

static void
records_show_waiting(const struct records *records)
{
	counter_set(
	    &records_counts(records)->results_waiting, records->n_ended);
}

/* Whether jobs of the store are taken, and for how long not. */
static void
records_tell_ready(struct records *records)
{
	const struct frontend *frontend = records->frontend;
	const struct memo memo = {
	    .kind = MEMO_READY,
	    .n = !frontend->is_retiring && !frontend->is_stopping &&
		!records->is_full,
	};

	records_write(records, &memo, NULL);
}

/* While the disk is slow or full results stay here: not without a bound. */
static void
records_check_room(struct records *records)
{
	uint64_t max = records->frontend->settings->max_client_bytes;

	if (!records->is_full && records->ended_bytes > max) {
		records->is_full = true;
		records_tell_ready(records);
		records->handler->full(records->frontend);
	} else if (records->is_full && records->ended_bytes <= max / 2) {
		records->is_full = false;
		records_tell_ready(records);
	}
}

static struct ended_bucket *
ended_bucket(struct records *records, struct job_id id)
{
	return &records->ended[id.low % RECORD_BUCKETS];
}

void
records_end(
    struct records *records, const struct job_record *record, char *result)
{
	struct ended_job *ended = calloc(1, sizeof(*ended));

	if (ended == NULL)
		fatal("out of memory");
	ended->record = *record;
	ended->result = result;
	LIST_INSERT_HEAD(ended_bucket(records, record->id), ended, links);
	records->n_ended++;
	records_show_waiting(records);
	records->ended_bytes += strlen(result);
	records_tell_end(records, ended);
	records_check_room(records);
}

static void
ended_free(struct records *records, struct ended_job *ended)
{
	LIST_REMOVE(ended, links);
	records->n_ended--;
	records_show_waiting(records);
	records->ended_bytes -= strlen(ended->result);
	free(ended->result);
	free(ended);
	records_check_room(records);
}

static void
records_each_ended(struct records *records,
    void (*call)(struct records *records, struct ended_job *ended))
{
	for (size_t i = 0; i < RECORD_BUCKETS && records->n_ended > 0; i++) {
		struct ended_job *ended = LIST_FIRST(&records->ended[i]), *next;

		for (; ended != NULL; ended = next) {
			next = LIST_NEXT(ended, links);
			call(records, ended);
		}
	}
}

bool
records_are_settled(const struct records *records)
{
	return records->n_ended == 0;
}

bool
records_are_kept(const struct records *records)
{
	return records->has_store;
}

bool
records_want_history(const struct records *records)
{
	return records->has_store &&
	    records->frontend->settings->record == RECORD_ALL;
}

void
records_history(struct records *records, const struct job_record *record,
    const char *result)
{
	const struct memo memo = {
	    .kind = MEMO_HISTORY,
	    .size = strlen(result),
	    .job = *record,
	};

	if (records->link == NULL || !records->status.is_available ||
	    evbuffer_get_length(bufferevent_get_output(records->link)) >
		HISTORY_ROOM)
		counter_add(&records_counts(records)->histories_forgotten, 1);
	else
		records_write(records, &memo, result);
}

/* --- questions --- */

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
	if (question->timeout != NULL)
		event_free(question->timeout);
	lanes_unref(question->lanes);
	free(question->behind);
	free(question);
}

static void
question_send(struct record_question *question)
{
	if (question->records->link == NULL)
		return;
	question->is_sent = true;
	records_write(question->records, &question->memo, question->behind);
}

/* The recorder need not answer it any more. */
static void
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

/* 0, or -1 with *error set: whether one more question may be asked. */
static int
records_admit(const struct records *records, struct rpc_error *error)
{
	uint32_t max = records->frontend->settings->max_jobs;

	if (!records->has_store ||
	    (records->link == NULL &&
		clock_monotonic_ns() - records->link_lost_ns > LINK_WITHIN_NS))
		return store_refuse(records, error);
	if (records->n_questions < max)
		return 0;
	rpc_error_set(error, RPC_BUSY, NULL,
	    "%u calls wait for the job store; try again later", max);
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
	return question;
}

struct record_question *
question_ask(struct records *records, enum memo_kind kind,
    const struct job_record *job, const void *behind, size_t size,
    struct answer *answer)
{
	struct rpc_error error;

	if (records_admit(records, &error) == 0)
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

/* --- memos in --- */

static struct record_question *
records_find_question(struct records *records, uint64_t number)
{
	struct record_question *question;

	LIST_FOREACH (question, question_bucket(records, number), by_number) {
		if (question->memo.question == number)
			return question;
	}
	return NULL;
}

static void
hear_ended(struct records *records, struct job_id id)
{
	struct ended_job *ended;

	LIST_FOREACH (ended, ended_bucket(records, id), links) {
		if (job_id_equals(ended->record.id, id)) {
			ended_free(records, ended);
			break;
		}
	}
	records->handler->settled(records->frontend);
}

/* A job that is this frontend's from now on, unless it is about to leave. */
static void
hear_run(struct records *records, const struct memo *memo)
{
	struct frontend *frontend = records->frontend;
	bool is_leaving = frontend->is_retiring || frontend->is_stopping;
	bool is_cancelled = memo->n != 0;

	/* One that is cancelled ends at once. */
	if ((is_leaving && !is_cancelled) ||
	    records->handler->adopt(frontend, &memo->job, NULL, is_cancelled) !=
		0)
		records_release(records, memo->job.id);
}

static void
hear_status(
    struct records *records, const struct memo *memo, const char *behind)
{
	bool was_available = records->status.is_available != 0;

	if (memo->size != sizeof(records->status))
		return;
	memcpy(&records->status, behind, sizeof(records->status));
	if (was_available || !records->status.is_available)
		return;
	/* What was sent meanwhile has come to nothing. */
	records_each_ended(records, records_tell_end);
}

static void
records_hear(
    struct records *records, const struct memo *memo, const char *behind)
{
	struct record_question *question;

	switch (memo->kind) {
	case MEMO_ANSWER:
		question = records_find_question(records, memo->question);
		if (question != NULL)
			question_answer(question, memo, behind);
		break;
	case MEMO_RUN:
		hear_run(records, memo);
		break;
	case MEMO_STOP:
		records->handler->stop(records->frontend, memo->job.id);
		break;
	case MEMO_ENDED:
		hear_ended(records, memo->job.id);
		break;
	case MEMO_STATUS:
		hear_status(records, memo, behind);
		break;
	default:
		break; /* ours to say */
	}
}

/* --- the link --- */

static void
records_unlink(struct records *records)
{
	if (records->link != NULL)
		bufferevent_free(records->link);
	records->link = NULL;
	records->link_lost_ns = clock_monotonic_ns();
	records->status.is_available = 0;
}

static void
read_cb(struct bufferevent *bufferevent, void *arg)
{
	struct records *records = arg;
	struct memo memo;
	char *behind;
	int got;

	while ((got = memo_read(
		    bufferevent_get_input(bufferevent), &memo, &behind)) > 0) {
		records_hear(records, &memo, behind);
		free(behind);
	}
	dispatch_pump(records->frontend->dispatcher);
	if (got < 0) {
		log_warn("a memo of the recorder makes no sense: hanging up");
		records_unlink(records);
	}
}

static void
end_cb(struct bufferevent *bufferevent, short what, void *arg)
{
	(void)bufferevent;
	(void)what;
	records_unlink(arg);
}

static void
tell_own_ended(struct records *records, struct ended_job *ended)
{
	records_tell(records, MEMO_OWN, &ended->record);
}

static void
tell_own(void *arg, const struct job_record *job)
{
	records_tell(arg, MEMO_OWN, job);
	/* The one before may not have written this down. */
	if (job->state == JOB_RUNNING)
		records_tell(arg, MEMO_START, job);
	if (job->state == JOB_RUNNING && job->attempts > 0)
		records_tell(arg, MEMO_LOSE, job);
}

/* What a recorder has to know that is new. */
static void
records_introduce(struct records *records)
{
	struct record_question *question;

	records->handler->each(records->frontend, tell_own, records);
	records_each_ended(records, tell_own_ended);
	records_tell_ready(records);
	records_each_ended(records, records_tell_end);
	LIST_FOREACH (question, &records->questions, links)
		question_send(question);
}

void
records_link(struct records *records, int fd)
{
	records_unlink(records);
	evutil_make_socket_nonblocking(fd);
	records->link = bufferevent_socket_new(
	    records->frontend->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (records->link == NULL)
		fatal("out of memory");
	bufferevent_setcb(records->link, read_cb, NULL, end_cb, records);
	bufferevent_enable(records->link, EV_READ | EV_WRITE);
	records_introduce(records);
}

/* --- the frontend's life --- */

void
records_retire(struct records *records)
{
	const struct memo memo = {.kind = MEMO_RETIRE};

	records_write(records, &memo, NULL);
}

void
records_drain(struct records *records)
{
	struct record_question *question, *next;

	for (question = LIST_FIRST(&records->questions); question != NULL;
	     question = next) {
		next = LIST_NEXT(question, links);
		if (question->memo.kind != MEMO_WAIT)
			continue;
		wait_refuse_stopping(question->answer);
		question_withdraw(question);
	}
}

/*
 * The recorder's death ends a link, and the master makes another without being
 * asked. But a link can also break at one of its ends, where memory ran out.
 */
static void
records_miss_link(struct records *records)
{
	const struct frontend *frontend = records->frontend;

	counter_add(
	    &frontend->board->frontends[frontend->number].links_missed, 1);
	generation_wake_master(frontend->generation);
}

void
records_sweep(struct records *records)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct record_question *question, *next;
	struct rpc_error error;

	if (records->has_store && records->link == NULL)
		records_miss_link(records);
	for (question = LIST_FIRST(&records->questions); question != NULL;
	     question = next) {
		next = LIST_NEXT(question, links);
		if (question->memo.kind == MEMO_WAIT &&
		    !answer_is_wanted(question->answer)) {
			answer_result(question->answer, NULL);
			question_withdraw(question);
		} else if (records->link == NULL && !question->is_sent &&
		    now_ns - question->asked_ns > LINK_WITHIN_NS) {
			store_refuse(records, &error);
			answer_error(question->answer, &error);
			question_close(question);
		}
	}
}

void
records_flush(struct records *records)
{
	uint64_t end_ns = clock_monotonic_ns() + FLUSH_WITHIN_NS;
	struct evbuffer *output;
	struct pollfd peer = {.events = POLLOUT};

	if (records->link == NULL)
		return;
	output = bufferevent_get_output(records->link);
	peer.fd = bufferevent_getfd(records->link);
	/* The buffer's beginning is the socket's; here it is ours for once. */
	evbuffer_unfreeze(output, 1);
	while (evbuffer_get_length(output) > 0 &&
	    clock_monotonic_ns() < end_ns && poll(&peer, 1, 100) >= 0) {
		if (evbuffer_write(output, peer.fd) < 0 && errno != EAGAIN)
			break;
	}
	evbuffer_freeze(output, 1);
}

struct records *
records_new(struct frontend *frontend, const struct record_handler *handler)
{
	struct records *records = calloc(1, sizeof(*records));

	if (records == NULL)
		return NULL;
	records->frontend = frontend;
	records->handler = handler;
	records->has_store = settings_has_store(frontend->settings);
	records->link_lost_ns = clock_monotonic_ns();
	records_show_waiting(records);
	LIST_INIT(&records->questions);
	return records;
}

void
records_free(struct records *records)
{
	struct record_question *question;
	struct rpc_error error;

	if (records == NULL)
		return;
	while ((question = LIST_FIRST(&records->questions)) != NULL) {
		rpc_error_set(&error, RPC_SHUTTING_DOWN, NULL,
		    "gild stops, and it is not known whether the job store has "
		    "heard of this");
		answer_error(question->answer, &error);
		question_close(question);
	}
	records_each_ended(records, ended_free);
	if (records->link != NULL)
		bufferevent_free(records->link);
	free(records);
}
