/*
 * Peers: one connection each, read without blocking and with a deadline. It
 * runs in the process that Check forks for a test. What arrives while a call
 * waits for its own answer is kept, in order, for later calls.
 */
#include "config.h"

#include "tests/e2e/peer.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/e2e/process.h"
#include "tests/e2e/value.h"

#define MAX_PEERS 8192

struct peer {
	int fd;
	char *in; /* received; from in_start on not yet handed out */
	size_t in_start, in_end, in_room;
	bool is_at_eof;
	char *line; /* what peer_receive_line() returned */
	int64_t last_id;
	json_t *kept; /* messages that nobody asked for yet */
};

static struct peer *peers[MAX_PEERS]; /* so that they are not leaks */
static size_t n_peers;

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_msg(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
	    "connect to %s: %s", path, strerror(errno));
	return fd;
}

/* receive_bytes: the size of its receive buffer, 0 for the system's. */
static int
connect_tcp(const char *text, int receive_bytes)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *found = NULL;
	char host[128];
	char *port;
	int fd;

	snprintf(host, sizeof(host), "%s", text[0] == '[' ? text + 1 : text);
	port = strrchr(host, ':');
	ck_assert_ptr_nonnull(port);
	if (port > host && port[-1] == ']')
		port[-1] = '\0';
	*port++ = '\0';
	ck_assert_int_eq(getaddrinfo(host, port, &hints, &found), 0);
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	if (receive_bytes > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
		    sizeof(receive_bytes));
	ck_assert_msg(connect(fd, found->ai_addr, found->ai_addrlen) == 0,
	    "connect to %s: %s", text, strerror(errno));
	freeaddrinfo(found);
	return fd;
}

struct peer *
peer_connect_to(const char *address, int receive_bytes)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	ck_assert_ptr_nonnull(peer);
	ck_assert_uint_lt(n_peers, MAX_PEERS);
	if (strncmp(address, "unix:", 5) == 0)
		peer->fd = connect_unix(address + 5);
	else
		peer->fd = connect_tcp(address, receive_bytes);
	fcntl(peer->fd, F_SETFL, O_NONBLOCK);
	peer->kept = json_array();
	ck_assert_ptr_nonnull(peer->kept);
	peers[n_peers++] = peer;
	return peer;
}

void
peer_close(struct peer *peer)
{
	for (size_t i = 0; i < n_peers; i++)
		if (peers[i] == peer)
			peers[i] = peers[--n_peers];
	close(peer->fd);
	json_decref(peer->kept);
	free(peer->line);
	free(peer->in);
	free(peer);
}

void
peer_close_all(void)
{
	while (n_peers > 0)
		peer_close(peers[n_peers - 1]);
}

int
peer_fd(const struct peer *peer)
{
	return peer->fd;
}

void
peer_half_close(struct peer *peer)
{
	ck_assert_int_eq(shutdown(peer->fd, SHUT_WR), 0);
}

size_t
peer_try_send(struct peer *peer, const void *bytes, size_t len, int timeout_ms)
{
	size_t sent = 0;

	while (sent < len) {
		struct pollfd ready = {.fd = peer->fd, .events = POLLOUT};
		ssize_t n = send(peer->fd, (const char *)bytes + sent,
		    len - sent, MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			break;
		else if (poll(&ready, 1, timeout_ms) == 0)
			break;
	}
	return sent;
}

void
peer_send_bytes(struct peer *peer, const void *bytes, size_t len)
{
	size_t sent = peer_try_send(peer, bytes, len, deadline_ms());

	ck_assert_msg(sent == len, "only %zu of %zu bytes could be sent: %s",
	    sent, len, strerror(errno));
}

void
peer_send_line(struct peer *peer, const char *format, ...)
{
	va_list list;
	char *line;
	int len;

	va_start(list, format);
	len = vasprintf(&line, format, list);
	va_end(list);
	ck_assert_int_ge(len, 0);
	line[len] = '\n'; /* where the NUL was */
	peer_send_bytes(peer, line, (size_t)len + 1);
	free(line);
}

/* Takes what has come; false at the end of the stream. */
static bool
peer_fill(struct peer *peer)
{
	ssize_t n;

	if (peer->in_start > 0) {
		memmove(peer->in, peer->in + peer->in_start,
		    peer->in_end - peer->in_start);
		peer->in_end -= peer->in_start;
		peer->in_start = 0;
	}
	if (peer->in_room - peer->in_end < 4096) {
		peer->in_room = peer->in_room * 2 + 8192;
		peer->in = grow(peer->in, peer->in_room);
	}
	n = recv(
	    peer->fd, peer->in + peer->in_end, peer->in_room - peer->in_end, 0);
	if (n > 0)
		peer->in_end += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		peer->is_at_eof = true;
	return !peer->is_at_eof;
}

/* The length of the line at the front, its LF included; 0: not there yet. */
static size_t
peer_line_bytes(struct peer *peer)
{
	const char *lf;

	if (peer->in_end == peer->in_start)
		return 0;
	lf = memchr(
	    peer->in + peer->in_start, '\n', peer->in_end - peer->in_start);
	return lf != NULL ? (size_t)(lf - peer->in) + 1 - peer->in_start : 0;
}

bool
peer_has_input(struct peer *peer, int timeout_ms)
{
	int64_t end_ms = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
		size_t len;

		while ((len = peer_line_bytes(peer)) == 1)
			peer->in_start++; /* a blank line */
		if (len > 0 || peer->is_at_eof)
			return true;
		if (poll(&ready, 1, ms_until(end_ms)) <= 0)
			return false;
		peer_fill(peer);
	}
}

const char *
peer_receive_line(struct peer *peer)
{
	size_t len;

	ck_assert_msg(peer_has_input(peer, deadline_ms()),
	    "nothing came in %d ms", deadline_ms());
	len = peer_line_bytes(peer);
	if (len == 0) {
		ck_assert_msg(peer->in_start == peer->in_end,
		    "the stream ended within a line");
		return NULL;
	}
	free(peer->line);
	peer->line = strndup(peer->in + peer->in_start, len - 1);
	ck_assert_ptr_nonnull(peer->line);
	peer->in_start += len;
	return peer->line;
}

/* From the wire, past what is kept. */
static json_t *
peer_receive_new(struct peer *peer)
{
	const char *line = peer_receive_line(peer);
	json_error_t error;
	json_t *value;

	ck_assert_msg(line != NULL, "gild closed the connection");
	value = json_loads(line, JSON_DECODE_ANY, &error);
	ck_assert_msg(value != NULL, "no JSON (%s): %s", error.text, line);
	return value;
}

json_t *
peer_receive(struct peer *peer)
{
	json_t *value;

	if (json_array_size(peer->kept) == 0)
		return peer_receive_new(peer);
	value = json_incref(json_array_get(peer->kept, 0));
	json_array_remove(peer->kept, 0);
	return value;
}

void
peer_expect_eof(struct peer *peer)
{
	const char *line;

	while ((line = peer_receive_line(peer)) != NULL)
		ck_assert_msg(strstr(line, "\"method\":") != NULL,
		    "expected the end, got: %s", line);
}

/* The first message, kept or new, that is_wanted. */
static json_t *
peer_find(struct peer *peer, bool (*is_wanted)(json_t *, const void *),
    const void *arg)
{
	int64_t end_ms = now_ms() + deadline_ms();
	json_t *message;
	size_t i;

	json_array_foreach (peer->kept, i, message) {
		if (!is_wanted(message, arg))
			continue;
		json_incref(message);
		json_array_remove(peer->kept, i);
		return message;
	}
	for (;;) {
		message = peer_receive_new(peer);
		if (is_wanted(message, arg))
			return message;
		json_array_append_new(peer->kept, message);
		ck_assert_msg(ms_until(end_ms) > 0,
		    "in %d ms much came, but not what was waited for",
		    deadline_ms());
	}
}

static bool
is_answer_to(json_t *message, const void *arg)
{
	const json_t *id = json_object_get(message, "id");

	return json_is_integer(id) &&
	    json_integer_value(id) == *(const int64_t *)arg;
}

/* Of the job that was submitted by this request. */
static bool
is_progress(json_t *message, const void *arg)
{
	const char *method =
	    json_string_value(json_object_get(message, "method"));

	return method != NULL && strcmp(method, "job.progress") == 0 &&
	    int_at(message, "params.request") == *(const int64_t *)arg;
}

static bool
is_progress_in_turns(json_t *message, const void *arg)
{
	return is_progress(message, arg) && int_at(message, "params.turns") > 0;
}

static int64_t
peer_vcall_start(
    struct peer *peer, const char *method, const char *params, va_list list)
{
	json_t *call, *object = NULL;
	json_error_t error;
	char *text;

	if (params != NULL) {
		object = json_vpack_ex(&error, 0, params, list);
		ck_assert_msg(object != NULL, "%s: %s", params, error.text);
	}
	call = json_pack("{s:s, s:I, s:s, s:o*}", "jsonrpc", "2.0", "id",
	    (json_int_t)++peer->last_id, "method", method, "params", object);
	text = json_dumps(call, JSON_COMPACT);
	ck_assert_ptr_nonnull(text);
	peer_send_line(peer, "%s", text);
	free(text);
	json_decref(call);
	return peer->last_id;
}

int64_t
peer_call_start(struct peer *peer, const char *method, const char *params, ...)
{
	va_list list;
	int64_t id;

	va_start(list, params);
	id = peer_vcall_start(peer, method, params, list);
	va_end(list);
	return id;
}

json_t *
peer_await(struct peer *peer, int64_t id)
{
	return peer_find(peer, is_answer_to, &id);
}

json_t *
answer_result(json_t *answer)
{
	json_t *result = json_object_get(answer, "result");
	char *text;

	if (result == NULL) {
		text = json_dumps(answer, JSON_COMPACT | JSON_ENCODE_ANY);
		ck_abort_msg("no result: %s", text);
	}
	json_incref(result);
	json_decref(answer);
	return result;
}

json_t *
peer_call(struct peer *peer, const char *method, const char *params, ...)
{
	va_list list;
	int64_t id;

	va_start(list, params);
	id = peer_vcall_start(peer, method, params, list);
	va_end(list);
	return answer_result(peer_await(peer, id));
}

json_t *
peer_call_error(struct peer *peer, const char *slug, const char *method,
    const char *params, ...)
{
	json_t *answer, *error;
	va_list list;
	int64_t id;

	va_start(list, params);
	id = peer_vcall_start(peer, method, params, list);
	va_end(list);
	answer = peer_await(peer, id);
	ck_assert_ptr_null(json_object_get(answer, "result"));
	error = json_incref(value_at(answer, "error"));
	ck_assert_str_eq(text_at(error, "data.reason"), slug);
	json_decref(answer);
	return error;
}

void
peer_await_job(struct peer *peer, int64_t id, char job[JOB_ID_CHARS + 1])
{
	json_t *message = peer_find(peer, is_progress, &id);

	snprintf(job, JOB_ID_CHARS + 1, "%s", text_at(message, "params.job"));
	json_decref(message);
}

int64_t
peer_submit_running(struct peer *peer, char job[JOB_ID_CHARS + 1],
    const char *pool, json_int_t count, unsigned workers)
{
	int64_t id =
	    peer_call_start(peer, "job.submit", "{s:s, s:I, s:i, s:b}", "pool",
		pool, "count", count, "workers", (int)workers, "progress", 1);

	peer_await_job(peer, id, job);
	json_decref(peer_find(peer, is_progress_in_turns, &id));
	return id;
}

int64_t
peer_submit_sleeping(struct peer *peer, char job[JOB_ID_CHARS + 1])
{
	int64_t id = peer_call_start(peer, "job.submit",
	    "{s:s, s:I, s:s, s:i, s:i, s:b}", "pool", "processes", "count",
	    ENDLESS, "profile", "io", "io_every", 1, "io_for_us", 10000000,
	    "progress", 1);

	peer_await_job(peer, id, job);
	return id;
}

json_t *
peer_submit_done(struct peer *peer, const char *pool, int count, int workers)
{
	json_t *result = peer_call(peer, "job.submit", "{s:i, s:s, s:i, s:i}",
	    "count", count, "pool", pool, "cost_ns", 1000, "workers", workers);

	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_eq(sum_of(value_at(result, "tasks"), "turns"), count);
	return result;
}

void
peer_cancel(struct peer *peer, const char *job)
{
	json_t *said = peer_call(peer, "job.cancel", "{s:s}", "job", job);

	ck_assert_str_eq(text_at(said, "job"), job);
	ck_assert_str_eq(text_at(said, "state"), "cancelled");
	json_decref(said);
}

void
peer_expect_end(struct peer *peer, int64_t id, const char *state)
{
	json_t *result = answer_result(peer_await(peer, id));

	ck_assert_str_eq(text_at(result, "state"), state);
	json_decref(result);
}
