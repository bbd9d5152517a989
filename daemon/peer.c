/*
 * The inbox of a frontend. Run by its one thread. Messages come from processes
 * of our own, but one of them may be dying: a message of the wrong size or
 * kind is dropped, and a question that is not answered in time is given up.
 */
#include "daemon/peer.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "daemon/job.h"
#include "daemon/log.h"

#define ANSWER_WITHIN_S 5
#define CANCEL_REASON "cancelled by a client"

/* Asked of another frontend and not answered yet. */
struct question {
	struct peers *peers;
	uint64_t number;
	struct job_id job;
	struct answer *answer;
	struct event *timeout;
	LIST_ENTRY(question) links;
};

struct peers {
	struct frontend *frontend;
	const struct peer_orders *orders;
	uint64_t last_question;
	LIST_HEAD(, question) questions;
	struct event *inbox_event;
};

static void
cancel_answer(struct job_id id, bool was_found, struct answer *answer)
{
	char text[JOB_ID_CHARS + 1];
	struct rpc_error error;

	job_id_format(id, text);
	if (was_found) {
		answer_result(answer,
		    json_pack("{s:s, s:s}", "job", text, "state",
			job_state_name(JOB_CANCELLED)));
		return;
	}
	rpc_error_set(&error, RPC_NO_SUCH_JOB, "job",
	    "no unfinished job %s: it has ended, or never was", text);
	answer_error(answer, &error);
}

/* True when the job was ours and unfinished. */
static bool
cancel_own(struct frontend *frontend, struct job_id id)
{
	struct job *job = job_find(frontend->jobs, id);

	if (job == NULL || job->is_decided)
		return false;
	job_cancel(job, CANCEL_REASON);
	dispatch_pump(frontend->dispatcher);
	return true;
}

/* --- questions --- */

static void
question_free(struct question *question)
{
	LIST_REMOVE(question, links);
	if (question->timeout != NULL)
		event_free(question->timeout);
	free(question);
}

static void
question_fail(struct question *question, const char *why)
{
	struct rpc_error error;

	rpc_error_set(&error, RPC_INTERNAL, NULL,
	    "frontend %u, which owns the job, %s",
	    job_id_frontend(question->job), why);
	answer_error(question->answer, &error);
	question_free(question);
}

static void
timeout_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	question_fail(arg, "did not answer");
}

static void
peers_ask(struct peers *peers, struct job_id id, struct answer *answer)
{
	static const struct timeval within = {.tv_sec = ANSWER_WITHIN_S};
	struct frontend *frontend = peers->frontend;
	struct question *question = calloc(1, sizeof(*question));
	struct peer_message message = {
	    .kind = PEER_CANCEL,
	    .from = frontend->number,
	    .job = id,
	};
	struct rpc_error error;

	if (question == NULL) {
		answer_result(answer, NULL);
		return;
	}
	message.question = question->number = ++peers->last_question;
	question->peers = peers;
	question->job = id;
	question->answer = answer;
	question->timeout =
	    event_new(frontend->base, -1, 0, timeout_cb, question);
	LIST_INSERT_HEAD(&peers->questions, question, links);
	if (question->timeout == NULL ||
	    event_add(question->timeout, &within) != 0) {
		question_fail(question, "cannot be asked: out of memory");
		return;
	}
	if (generation_tell(
		frontend->generation, job_id_frontend(id), &message) != 0) {
		rpc_error_set(&error, RPC_BUSY, NULL,
		    "too many questions are open between frontends; try again");
		answer_error(answer, &error);
		question_free(question);
	}
}

void
peers_cancel(struct peers *peers, struct job_id id, struct answer *answer)
{
	struct frontend *frontend = peers->frontend;
	uint32_t owner = job_id_frontend(id);

	if (owner == frontend->number)
		cancel_answer(id, cancel_own(frontend, id), answer);
	else if (owner < frontend->settings->frontends)
		peers_ask(peers, id, answer);
	else
		cancel_answer(id, false, answer);
}

/* --- the inbox --- */

static void
peers_answer_cancel(struct peers *peers, const struct peer_message *asked)
{
	struct frontend *frontend = peers->frontend;
	struct peer_message message = {
	    .kind = PEER_CANCELLED,
	    .from = frontend->number,
	    .question = asked->question,
	    .job = asked->job,
	    .was_found = cancel_own(frontend, asked->job),
	};

	if (asked->from < frontend->settings->frontends &&
	    generation_tell(frontend->generation, asked->from, &message) != 0)
		log_warn("cannot answer frontend %u: %s", asked->from,
		    strerror(errno));
}

static void
peers_hear_answer(struct peers *peers, const struct peer_message *message)
{
	struct question *question;

	LIST_FOREACH (question, &peers->questions, links) {
		if (question->number != message->question ||
		    !job_id_equals(question->job, message->job))
			continue;
		cancel_answer(
		    question->job, message->was_found != 0, question->answer);
		question_free(question);
		return;
	}
}

static void
peers_hear(struct peers *peers, const struct peer_message *message)
{
	switch (message->kind) {
	case PEER_DRAIN:
		peers->orders->drain(peers->frontend);
		break;
	case PEER_ABORT:
		peers->orders->abort(peers->frontend);
		break;
	case PEER_CANCEL:
		peers_answer_cancel(peers, message);
		break;
	case PEER_CANCELLED:
		peers_hear_answer(peers, message);
		break;
	}
}

static void
inbox_cb(evutil_socket_t fd, short what, void *arg)
{
	struct peer_message message;

	(void)what;
	while (
	    recv(fd, &message, sizeof(message), 0) == (ssize_t)sizeof(message))
		peers_hear(arg, &message);
}

struct peers *
peers_new(struct frontend *frontend, const struct peer_orders *orders)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	if (peers == NULL)
		return NULL;
	peers->frontend = frontend;
	peers->orders = orders;
	/* Numbers that a predecessor's late answers do not hit. */
	peers->last_question = clock_monotonic_ns();
	LIST_INIT(&peers->questions);
	peers->inbox_event = event_new(frontend->base,
	    frontend->generation->inbox_in[frontend->number],
	    EV_READ | EV_PERSIST, inbox_cb, peers);
	if (peers->inbox_event == NULL ||
	    event_add(peers->inbox_event, NULL) != 0) {
		peers_free(peers);
		return NULL;
	}
	return peers;
}

void
peers_free(struct peers *peers)
{
	struct question *question;

	if (peers == NULL)
		return;
	while ((question = LIST_FIRST(&peers->questions)) != NULL)
		question_fail(question, "is shutting down");
	if (peers->inbox_event != NULL)
		event_free(peers->inbox_event);
	free(peers);
}
