/*
 * Sessions. Run by a frontend's one thread. Between connection.c, which knows
 * bytes, and methods.c, which knows what to do: here lines become messages,
 * and messages calls that are owed answers.
 */
#include "daemon/session.h"

#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/connection.h"
#include "daemon/dispatch.h"
#include "daemon/doors.h"
#include "daemon/frontend.h"
#include "daemon/job.h"
#include "daemon/log.h"
#include "daemon/methods.h"
#include "daemon/scratch.h"
#include "proto/jsonrpc.h"

/* Values in one line: enough for the largest batch of full requests. */
#define VALUES_PER_CALL 32

struct session {
	struct frontend *frontend;
	struct connection *connection;
	struct job_owner owner;
	struct answer_list owed;
	LIST_ENTRY(session) links;
};

/* An error about a line as a whole: its id is not known. */
static void
session_refuse(struct session *session, const struct rpc_error *error)
{
	json_t *message = jsonrpc_error(NULL, error);

	connection_send(session->connection, message);
	json_decref(message);
}

/*
 * A line of many short calls can ask for long answers, and it is served in one
 * go: without a bound its answers would take any memory, and its frontend's
 * other clients would wait for them.
 */
static bool
session_is_batch_full(const struct session *session, const struct batch *batch,
    struct rpc_error *error)
{
	uint64_t bound = connection_allowance(session->connection);

	if (batch == NULL || batch_bytes(batch) <= bound)
		return false;
	rpc_error_set(error, RPC_BUSY, NULL,
	    "the answers of this batch are more than %llu bytes already: send "
	    "this call in another",
	    (unsigned long long)bound);
	return true;
}

static void
session_serve_call(struct session *session, struct batch *batch,
    const struct jsonrpc_call *call)
{
	struct answer *answer = NULL;
	struct rpc_error error;

	if (call->id != NULL) {
		answer = answer_new(
		    session->connection, &session->owed, batch, call->id);
		if (answer == NULL) {
			connection_break(session->connection);
			return;
		}
	}
	if (call->error.kind != RPC_OK)
		answer_error(answer, &call->error);
	else if (answer != NULL &&
	    session_is_batch_full(session, batch, &error))
		answer_error(answer, &error);
	else
		methods_call(session->frontend, &session->owner, call, answer);
}

static void
session_serve_message(
    struct session *session, const struct jsonrpc_message *message)
{
	struct batch *batch = NULL;

	if (message->is_batch) {
		batch = batch_new();
		if (batch == NULL) {
			connection_break(session->connection);
			return;
		}
	}
	for (size_t i = 0; i < message->n_calls; i++)
		session_serve_call(session, batch, &message->calls[i]);
	if (batch != NULL)
		batch_release(session->connection, batch);
}

/* --- what the connection says --- */

static void
session_line(void *arg, const char *line, size_t len)
{
	struct session *session = arg;
	const struct settings *settings = session->frontend->settings;
	const struct jsonrpc_limits limits = {
	    .max_batch = settings->max_batch,
	    .max_values = (size_t)settings->max_batch * VALUES_PER_CALL,
	};
	struct jsonrpc_message message;
	struct rpc_error error;
	int result;

	scratch_begin();
	result = jsonrpc_parse(line, len, &limits, &message, &error);
	scratch_end();
	if (result != 0) {
		session_refuse(session, &error);
		return;
	}
	session_serve_message(session, &message);
	jsonrpc_message_free(&message);
}

static void
session_bad_line(void *arg, enum frame_status why)
{
	struct session *session = arg;
	struct rpc_error error;

	if (why == FRAME_TOO_LONG)
		rpc_error_set(&error, RPC_LINE_TOO_LONG, NULL,
		    "a line may hold %llu bytes; this one was dropped",
		    (unsigned long long)
			session->frontend->settings->max_line_bytes);
	else
		rpc_error_set(&error, RPC_PARSE_ERROR, NULL,
		    "the line holds a NUL byte; inside a string write \\u0000");
	session_refuse(session, &error);
}

static void
session_served(void *arg)
{
	struct session *session = arg;

	dispatch_pump(session->frontend->dispatcher);
}

/* "line_timeout = 30000 ms" and so on is what it says. */
static void
session_late(void *arg, enum connection_delay why)
{
	struct session *session = arg;
	const struct settings *settings = session->frontend->settings;
	struct rpc_error error;

	if (why == DELAY_LINE)
		rpc_error_set(&error, RPC_CONNECTION_TIMED_OUT, NULL,
		    "a line may take line_timeout = %" PRIu64
		    " ms from its first byte to its end; what came of this one "
		    "was dropped",
		    settings->line_timeout_ns / NS_PER_MS);
	else
		rpc_error_set(&error, RPC_CONNECTION_TIMED_OUT, NULL,
		    "a connection may be silent for idle_timeout = %" PRIu64
		    " ms; connect again when there is something to say",
		    settings->idle_timeout_ns / NS_PER_MS);
	session_refuse(session, &error);
}

/* The client has left: its jobs go with it, and answers go nowhere. */
static void
session_gone(void *arg)
{
	struct session *session = arg;
	struct frontend *frontend = session->frontend;

	answers_abandon(&session->owed);
	job_owner_leave(&session->owner);
	LIST_REMOVE(session, links);
	free(session);
	doors_let_out(frontend->doors);
	dispatch_pump(frontend->dispatcher);
}

/* The bytes as a file in memory: its descriptor, or -1 (errno is set). */
static int
memory_file(const struct evbuffer *bytes)
{
	size_t size = evbuffer_get_length(bytes);
	void *copy = malloc(size);
	int fd = memfd_create("gild: unread input", MFD_CLOEXEC);

	if (copy == NULL || fd < 0 ||
	    evbuffer_copyout((struct evbuffer *)bytes, copy, size) !=
		(ssize_t)size ||
	    pwrite(fd, copy, size, 0) != (ssize_t)size) {
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	free(copy);
	return fd;
}

/* To the generation that serves, by way of the master. */
static enum connection_gift
session_give(void *arg, int fd, const struct evbuffer *rest)
{
	const struct session *session = arg;
	const struct frontend *frontend = session->frontend;
	const struct master_request request = {.kind = MASTER_CLIENT};
	struct packet_fds fds = {.n = 1, .fds = {fd}};
	enum connection_gift gift = GIFT_TAKEN;

	if (evbuffer_get_length(rest) > 0) {
		fds.fds[1] = memory_file(rest);
		if (fds.fds[1] < 0)
			return GIFT_LATER;
		fds.n = 2;
	}
	/* ETOOMANYREFS: descriptors that nobody has received yet. */
	if (generation_ask_master(frontend->generation, &request, &fds) != 0)
		gift = errno == EPIPE || errno == ECONNRESET ? GIFT_REFUSED
							     : GIFT_LATER;
	if (fds.n == 2)
		close(fds.fds[1]);
	return gift;
}

static const struct connection_handler handler = {
    .line = session_line,
    .bad_line = session_bad_line,
    .served = session_served,
    .late = session_late,
    .gone = session_gone,
    .give = session_give,
};

/* --- begin and end --- */

/* NULL when memory ran out. */
static struct session *
session_new(struct frontend *frontend, int fd)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		goto fail;
	session->frontend = frontend;
	LIST_INIT(&session->owed);
	session->connection =
	    connection_open(&frontend->crowd, fd, &handler, session);
	if (session->connection == NULL)
		goto fail;
	LIST_INSERT_HEAD(&frontend->sessions, session, links);
	doors_let_in(frontend->doors);
	job_owner_init(&session->owner, frontend, session->connection);
	return session;
fail:
	free(session);
	close(fd);
	return NULL;
}

int
session_open(struct frontend *frontend, int fd)
{
	return session_new(frontend, fd) == NULL ? -1 : 0;
}

/* 0, or -1 (errno is set). */
static int
session_feed(struct session *session, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes = size <= 0 ? NULL : malloc((size_t)size);
	int result = -1;

	if (bytes != NULL && pread(fd, bytes, (size_t)size, 0) == size)
		result =
		    connection_feed(session->connection, bytes, (size_t)size);
	free(bytes);
	return result;
}

void
session_adopt(struct frontend *frontend, struct packet_fds *fds)
{
	struct session *session = session_new(frontend, fds->fds[0]);

	if (session == NULL) {
		log_warn("cannot serve a client: out of memory");
	} else if (fds->n == 2 && session_feed(session, fds->fds[1]) != 0) {
		log_warn("cannot go on with a client: %s", strerror(errno));
		connection_close(session->connection);
	} else if (frontend->is_stopping) {
		connection_drain(session->connection);
	} else if (frontend->is_retiring) {
		connection_give_away(session->connection);
	}
	if (fds->n == 2)
		close(fds->fds[1]);
	fds->n = 0;
}

/* Each session, also where what is done with it ends it. */
static void
session_for_all(
    struct frontend *frontend, void (*call)(struct connection *connection))
{
	struct session *session, *next;

	for (session = LIST_FIRST(&frontend->sessions); session != NULL;
	     session = next) {
		next = LIST_NEXT(session, links);
		call(session->connection);
	}
}

void
session_hand_over_all(struct frontend *frontend)
{
	session_for_all(frontend, connection_give_away);
}

void
session_drain_all(struct frontend *frontend)
{
	session_for_all(frontend, connection_drain);
}

void
session_close_all(struct frontend *frontend)
{
	struct session *session;

	while ((session = LIST_FIRST(&frontend->sessions)) != NULL)
		connection_close(session->connection);
}
