/*
 * libgil's server in a test, which is the test itself: it listens on a port that
 * the kernel chose, and plays the part by hand. The client's connect(2) is done
 * by the kernel before the server accepts, so one thread is enough.
 */
#ifndef GILD_TESTS_UNIT_LIBGIL_FIXTURE_H
#define GILD_TESTS_UNIT_LIBGIL_FIXTURE_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/libgil/gil.h"
#include "tests/unit/suite.h"

#define PATIENCE_MS 10000 /* for what must come */

static int listener = -1;
static int server = -1; /* the server's end of the connection */
static struct gil *client;
static struct gil_failure failure; /* of the last try_open() */
static char address[64];

/* A listener on 127.0.0.1; its port goes into address. */
static inline int
listen_tcp(int backlog)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t size = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ne(fd, -1);
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	if (backlog >= 0)
		ck_assert_int_eq(listen(fd, backlog), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
	snprintf(
	    address, sizeof(address), "127.0.0.1:%u", ntohs(name.sin_port));
	return fd;
}

static inline struct gil *
try_open(const char *to, int timeout_ms)
{
	struct gil_options options = {
	    .server = to, .connect_timeout_ms = timeout_ms};

	return gil_connect(&options, &failure);
}

static inline void
accept_client(void)
{
	struct timeval limit = {.tv_sec = PATIENCE_MS / 1000};

	server = accept(listener, NULL, NULL);
	ck_assert_int_ne(server, -1);
	ck_assert_int_eq(
	    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
	    0);
}

static inline void
setup(void)
{
	listener = listen_tcp(8);
	client = try_open(address, PATIENCE_MS);
	ck_assert_msg(client != NULL, "%s", failure.text);
	accept_client();
}

static inline void
teardown(void)
{
	gil_close(client);
	close(server);
	close(listener);
}

static inline void
say(const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(
	    send(server, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* What the client sent, which must be this. */
static inline void
expect_heard(const char *text)
{
	char heard[512];
	size_t length = strlen(text);
	size_t n = 0;

	ck_assert_uint_lt(length, sizeof(heard));
	while (n < length) {
		ssize_t got = recv(server, heard + n, length - n, 0);

		ck_assert_int_gt(got, 0);
		n += (size_t)got;
	}
	heard[n] = '\0';
	ck_assert_str_eq(heard, text);
}

/* A request with this tag, sent. */
static inline void
ask(uint64_t tag)
{
	ck_assert_int_eq(gil_call(client, "server.ping", NULL, tag), 0);
	gil_flush(client);
}

static inline const struct gil_event *
expect_event(enum gil_event_type type)
{
	const struct gil_event *event = gil_poll(client, PATIENCE_MS);

	ck_assert_msg(event->type == type, "%d instead of %d: %s",
	    (int)event->type, (int)type, event->text);
	return event;
}

/* The next event, which must be the answer to the request with this tag. */
static inline const struct gil_event *
expect_answer(uint64_t tag)
{
	const struct gil_event *event = expect_event(GIL_RESULT);

	ck_assert_uint_eq(event->tag, tag);
	ck_assert_uint_ge(event->received_ns, event->sent_ns);
	ck_assert_uint_gt(event->sent_ns, 0);
	return event;
}

/* The tags of those without an answer, added up, and the loss. */
static inline uint64_t
expect_lost(const char *why)
{
	const struct gil_event *event;
	uint64_t sum = 0;

	while ((event = gil_poll(client, PATIENCE_MS))->type == GIL_UNANSWERED)
		sum += event->tag;
	ck_assert_int_eq(event->type, GIL_LOST);
	ck_assert_msg(strstr(event->text, why) != NULL, "%s", event->text);
	ck_assert_str_eq(event->text, gil_why(client));
	ck_assert_uint_eq(gil_unanswered(client), 0);
	/* And it stays so. */
	expect_event(GIL_LOST);
	ck_assert_int_eq(gil_poll(client, 0)->type, GIL_LOST);
	ck_assert_int_eq(gil_call(client, "m", NULL, 1), -1);
	ck_assert_int_eq(errno, ENOTCONN);
	return sum;
}

#define RESULT(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{}}\n"

#endif
