/*
 * A frontend's link to the recorder: what comes over it, and its life. Run by
 * the frontend's one thread. What the frontend tells is in records_tell.c, what
 * it asks in records_ask.c, and what clients are answered in records_answer.c.
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
#include "daemon/log.h"
#include "daemon/records_private.h"

/* Before a frontend ends. */
#define FLUSH_WITHIN_NS NS_PER_S

/* --- memos in --- */

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
		records_forget_ended(records, memo->job.id);
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
