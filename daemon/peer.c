/*
 * The inbox of a frontend. Run by its one thread. Messages come from processes
 * of our own, but one of them may be dying: a message of the wrong size or
 * kind is dropped, and a question that is not answered in time is given up.
 */
#include "daemon/peer.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "daemon/job.h"
#include "daemon/log.h"
#include "daemon/records.h"

#define ANSWER_WITHIN_S 5
#define RELOAD_WITHIN_S 60
#define CANCEL_REASON "cancelled by a client"

/* Asked of another frontend, or of the master, and not answered yet. */
struct question {
	struct peers *peers;
	uint64_t number;
	bool is_reload;
	bool was_passed_on; /* to the master, since our generation said no */
	struct job_id job;  /* to be cancelled */
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

/* One that no frontend has as a client's may be in the job store. */
static void
cancel_answer(struct frontend *frontend, struct job_id id, bool was_found,
    struct answer *answer)
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
	if (records_are_kept(frontend->records)) {
		records_cancel(frontend->records, id, answer);
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

	if (job == NULL || job->is_decided || job->is_stored)
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

static void __attribute__((format(printf, 3, 4)))
question_fail(struct question *question, enum rpc_error_kind kind,
    const char *format, ...)
{
	struct rpc_error error;
	char why[PEER_TEXT_CHARS + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	rpc_error_set(&error, kind, NULL, "%s", why);
	answer_error(question->answer, &error);
	question_free(question);
}

/* Whom it was asked of, who did something else than answer. */
static void
question_give_up(struct question *question, const char *what)
{
	if (question->is_reload || question->was_passed_on)
		question_fail(question, RPC_INTERNAL, "the master %s", what);
	else
		question_fail(question, RPC_INTERNAL,
		    "frontend %u, which owns the job, %s",
		    job_id_frontend(question->job), what);
}

static void
timeout_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	question_give_up(arg, "did not answer");
}

/* A new question; NULL when memory ran out, and the answer was given. */
static struct question *
question_new(struct peers *peers, struct answer *answer, int within_s)
{
	const struct timeval within = {.tv_sec = within_s};
	struct question *question = calloc(1, sizeof(*question));

	if (question == NULL) {
		answer_result(answer, NULL);
		return NULL;
	}
	question->peers = peers;
	question->number = ++peers->last_question;
	question->answer = answer;
	question->timeout =
	    event_new(peers->frontend->base, -1, 0, timeout_cb, question);
	LIST_INSERT_HEAD(&peers->questions, question, links);
	if (question->timeout == NULL ||
	    event_add(question->timeout, &within) != 0) {
		question_fail(question, RPC_INTERNAL, "out of memory");
		return NULL;
	}
	return question;
}

static void
question_refuse_busy(struct question *question)
{
	question_fail(question, RPC_BUSY,
	    "too many questions are open between processes; try again");
}

static void
question_ask_master(struct question *question, enum master_request_kind kind)
{
	const struct frontend *frontend = question->peers->frontend;
	const struct master_request request = {
	    .kind = kind,
	    .generation = frontend->generation->number,
	    .from = frontend->number,
	    .question = question->number,
	    .job = question->job,
	};

	if (generation_ask_master(frontend->generation, &request, NULL) != 0)
		question_refuse_busy(question);
}

void
peers_reload(struct peers *peers, struct answer *answer)
{
	struct question *question =
	    question_new(peers, answer, RELOAD_WITHIN_S);

	if (question == NULL)
		return;
	question->is_reload = true;
	question_ask_master(question, MASTER_RELOAD);
}

static bool
has_other_generations(const struct frontend *frontend)
{
	return counter_get(&frontend->board->shared->n_others) > 0;
}

/* Nobody of our generation has the job: perhaps an older one does. */
static void
peers_ask_others(struct peers *peers, struct job_id id, struct answer *answer)
{
	struct question *question;

	if (!has_other_generations(peers->frontend)) {
		cancel_answer(peers->frontend, id, false, answer);
		return;
	}
	question = question_new(peers, answer, ANSWER_WITHIN_S);
	if (question == NULL)
		return;
	question->job = id;
	question->was_passed_on = true;
	question_ask_master(question, MASTER_CANCEL);
}

static void
peers_ask(struct peers *peers, struct job_id id, struct answer *answer)
{
	struct frontend *frontend = peers->frontend;
	struct question *question =
	    question_new(peers, answer, ANSWER_WITHIN_S);
	struct peer_message message = {
	    .kind = PEER_CANCEL,
	    .generation = frontend->generation->number,
	    .from = frontend->number,
	    .job = id,
	};

	if (question == NULL)
		return;
	question->job = id;
	message.question = question->number;
	if (generation_tell(
		frontend->generation, job_id_frontend(id), &message, NULL) != 0)
		question_refuse_busy(question);
	/* The other one may have left, and the master has its letters then. */
	else if (frontend->is_retiring || frontend->is_stopping)
		generation_wake_master(frontend->generation);
}

void
peers_cancel(struct peers *peers, struct job_id id, struct answer *answer)
{
	struct frontend *frontend = peers->frontend;
	uint32_t owner = job_id_frontend(id);

	if (owner < frontend->settings->frontends && owner != frontend->number)
		peers_ask(peers, id, answer);
	else if (owner == frontend->number && cancel_own(frontend, id))
		cancel_answer(frontend, id, true, answer);
	else
		peers_ask_others(peers, id, answer);
}

/* --- the inbox --- */

/* To one of our generation; to the master, if the question came from there. */
static void
peers_answer_cancel(struct peers *peers, const struct peer_message *asked)
{
	struct frontend *frontend = peers->frontend;
	const struct generation *generation = frontend->generation;
	uint32_t was_found = cancel_own(frontend, asked->job);
	struct peer_message message = {
	    .kind = PEER_CANCELLED,
	    .question = asked->question,
	    .job = asked->job,
	    .was_found = was_found,
	};
	struct master_request request = {
	    .kind = MASTER_CANCELLED,
	    .generation = asked->generation,
	    .from = asked->from,
	    .question = asked->question,
	    .job = asked->job,
	    .was_found = was_found,
	};
	int sent = 0;

	if (asked->generation != generation->number)
		sent = generation_ask_master(generation, &request, NULL);
	else if (asked->from < frontend->settings->frontends)
		sent = generation_tell(generation, asked->from, &message, NULL);
	if (sent != 0)
		log_warn("cannot answer frontend %u: %s", asked->from,
		    strerror(errno));
}

static struct question *
peers_find_question(struct peers *peers, uint64_t number)
{
	struct question *question;

	LIST_FOREACH (question, &peers->questions, links) {
		if (question->number == number)
			return question;
	}
	return NULL;
}

static void
peers_hear_cancelled(struct peers *peers, const struct peer_message *message)
{
	struct question *question =
	    peers_find_question(peers, message->question);

	if (question == NULL || question->is_reload ||
	    !job_id_equals(question->job, message->job))
		return;
	if (message->was_found == 0 && !question->was_passed_on &&
	    has_other_generations(peers->frontend)) {
		question->was_passed_on = true;
		question_ask_master(question, MASTER_CANCEL);
		return;
	}
	cancel_answer(peers->frontend, question->job, message->was_found != 0,
	    question->answer);
	question_free(question);
}

/* {"generation", "addresses"}; NULL when memory ran out. */
static json_t *
reload_result(const struct peer_message *message)
{
	json_t *addresses = json_array();
	char text[PEER_TEXT_CHARS + 1], *rest = text, *name;

	snprintf(text, sizeof(text), "%.*s", PEER_TEXT_CHARS, message->text);
	while ((name = strsep(&rest, "\n")) != NULL) {
		if (*name != '\0')
			json_array_append_new(addresses, json_string(name));
	}
	return json_pack("{s:I, s:o}", "generation",
	    (json_int_t)message->new_generation, "addresses", addresses);
}

static void
peers_hear_reload(struct peers *peers, const struct peer_message *message)
{
	struct question *question =
	    peers_find_question(peers, message->question);

	if (question == NULL || !question->is_reload)
		return;
	if (message->kind == PEER_UNCHANGED) {
		question_fail(question,
		    message->is_stopping   ? RPC_SHUTTING_DOWN
			: message->is_busy ? RPC_BUSY
					   : RPC_RELOAD_FAILED,
		    "%.*s", PEER_TEXT_CHARS, message->text);
		return;
	}
	answer_result(question->answer, reload_result(message));
	question_free(question);
}

static void
peers_hear(struct peers *peers, const struct peer_message *message,
    struct packet_fds *fds)
{
	const struct peer_orders *orders = peers->orders;

	switch (message->kind) {
	case PEER_SERVE:
		orders->serve(peers->frontend);
		break;
	case PEER_RETIRE:
		orders->retire(peers->frontend);
		break;
	case PEER_DRAIN:
		orders->drain(peers->frontend);
		break;
	case PEER_ABORT:
		orders->abort(peers->frontend);
		break;
	case PEER_CLIENT:
		if (fds->n > 0)
			orders->client(peers->frontend, fds);
		break;
	case PEER_RECORDER:
		if (fds->n > 0)
			orders->recorder(peers->frontend, fds);
		break;
	case PEER_RELOADED:
	case PEER_UNCHANGED:
		peers_hear_reload(peers, message);
		break;
	case PEER_CANCEL:
		peers_answer_cancel(peers, message);
		break;
	case PEER_CANCELLED:
		peers_hear_cancelled(peers, message);
		break;
	}
}

static void
inbox_cb(evutil_socket_t fd, short what, void *arg)
{
	struct peer_message message;
	struct packet_fds fds;
	int got;

	(void)what;
	while (
	    (got = packet_receive(fd, &message, sizeof(message), &fds)) != 0) {
		if (got < 0)
			continue;
		peers_hear(arg, &message, &fds);
		packet_close_fds(&fds);
	}
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
		question_give_up(question, "is shutting down");
	if (peers->inbox_event != NULL)
		event_free(peers->inbox_event);
	free(peers);
}
