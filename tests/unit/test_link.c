/*
 * The link against a server that is this test: it listens on a port that the
 * kernel chose, and plays the part by hand. The client's connect(2) is done by
 * the kernel before the server accepts, so one thread is enough.
 */
#include "client/link.h"

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
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define PATIENCE_MS 10000 /* for what must come */

static int listener = -1;
static int server = -1; /* the server's end of the connection */
static struct link *client;
static struct link_failure failure; /* of the last try_open() */
static char address[64];

/* A listener on 127.0.0.1; its port goes into address. */
static int
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

static struct link *
try_open(const char *to, int timeout_ms)
{
	struct link_options options = {
	    .server = to, .connect_timeout_ms = timeout_ms};

	return link_open(&options, &failure);
}

static void
accept_client(void)
{
	struct timeval limit = {.tv_sec = PATIENCE_MS / 1000};

	server = accept(listener, NULL, NULL);
	ck_assert_int_ne(server, -1);
	ck_assert_int_eq(
	    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
	    0);
}

static void
setup(void)
{
	listener = listen_tcp(8);
	client = try_open(address, PATIENCE_MS);
	ck_assert_msg(client != NULL, "%s", failure.text);
	accept_client();
}

static void
teardown(void)
{
	link_close(client);
	close(server);
	close(listener);
}

static void
say(const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(
	    send(server, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* What the client sent, which must be this. */
static void
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

static void
ask(uint64_t id)
{
	ck_assert_int_eq(
	    link_send(client, id, "server.ping", json_object()), 0);
	link_serve(client);
}

/* The next reply, which must answer id. */
static void
expect_answer(uint64_t id)
{
	struct jsonrpc_reply reply;

	ck_assert_int_eq(link_receive(client, PATIENCE_MS, &reply), LINK_REPLY);
	ck_assert_ptr_nonnull(reply.result);
	ck_assert_int_eq(json_integer_value(reply.id), (json_int_t)id);
	json_decref(reply.root);
}

static void
expect_lost(const char *why)
{
	struct jsonrpc_reply reply;

	ck_assert_int_eq(link_receive(client, PATIENCE_MS, &reply), LINK_LOST);
	ck_assert_msg(
	    strstr(link_error(client), why) != NULL, "%s", link_error(client));
	/* And it stays so. */
	ck_assert_int_eq(link_receive(client, PATIENCE_MS, &reply), LINK_LOST);
	ck_assert_int_eq(link_next(client, &reply), LINK_LOST);
}

START_TEST(a_question_is_answered)
{
	ask(7);
	expect_heard("{\"jsonrpc\":\"2.0\",\"method\":\"server.ping\","
		     "\"params\":{},\"id\":7}\n");
	ck_assert_uint_eq(link_unanswered(client), 1);
	ck_assert_uint_eq(link_unsent_bytes(client), 0);
	say("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":7}\n");
	expect_answer(7);
	ck_assert_uint_eq(link_unanswered(client), 0);
	ck_assert_str_eq(link_error(client), "");
	ck_assert_str_eq(link_server(client), address);
}
END_TEST

START_TEST(replies_come_in_pieces_and_together)
{
	struct jsonrpc_reply reply;

	ask(1);
	ask(2);
	ask(3);
	say("{\"jsonrpc\":\"2.0\",\"res");
	ck_assert_int_eq(link_receive(client, 1, &reply), LINK_TIMED_OUT);
	say("ult\":{},\"id\":2}\n\n\r\n{\"jsonrpc\":\"2.0\",\"result\":{},"
	    "\"id\":1}\n{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":3}\n");
	expect_answer(2);
	expect_answer(1);
	expect_answer(3);
	ck_assert_int_eq(link_next(client, &reply), LINK_EMPTY);
	ck_assert_uint_eq(link_unanswered(client), 0);
}
END_TEST

START_TEST(errors_are_answers_too)
{
	struct jsonrpc_reply reply;

	ask(1);
	say("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":"
	    "\"Busy\"},\"id\":1}\n");
	ck_assert_int_eq(link_receive(client, PATIENCE_MS, &reply), LINK_REPLY);
	ck_assert_ptr_nonnull(reply.error);
	ck_assert_ptr_null(reply.result);
	json_decref(reply.root);
	ck_assert_uint_eq(link_unanswered(client), 0);
}
END_TEST

START_TEST(notifications_answer_nothing)
{
	struct jsonrpc_reply reply;

	ask(1);
	say("{\"jsonrpc\":\"2.0\",\"method\":\"job.progress\",\"params\":{}}"
	    "\n");
	ck_assert_int_eq(link_receive(client, PATIENCE_MS, &reply), LINK_REPLY);
	ck_assert_str_eq(reply.method, "job.progress");
	json_decref(reply.root);
	ck_assert_uint_eq(link_unanswered(client), 1);
}
END_TEST

START_TEST(the_end_is_told_after_what_came_before_it)
{
	ask(1);
	/* What is not read at a close makes it a reset. */
	expect_heard("{\"jsonrpc\":\"2.0\",\"method\":\"server.ping\","
		     "\"params\":{},\"id\":1}\n");
	say("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
	close(server);
	server = -1;
	expect_answer(1);
	expect_lost("the server closed it");
}
END_TEST

START_TEST(a_reset_is_told)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	ck_assert_int_eq(
	    setsockopt(server, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)),
	    0);
	close(server);
	server = -1;
	/* Neither this nor the next may raise SIGPIPE. */
	ask(1);
	ask(2);
	expect_lost("");
}
END_TEST

static const struct {
	const char *said;
	const char *why;
} strangers[] = {
    {"220 mail.example ESMTP\n", "no JSON-RPC reply"},
    {"{\"jsonrpc\":\"1.0\",\"result\":{},\"id\":1}\n", "no JSON-RPC reply"},
    {"{}\n", "no JSON-RPC reply"},
    {"[1]\n", "no JSON-RPC reply"},
};

START_TEST(a_stranger_is_not_talked_to)
{
	ask(1);
	say(strangers[_i].said);
	/* What follows is not believed either. */
	say("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
	expect_lost(strangers[_i].why);
}
END_TEST

START_TEST(a_nul_byte_breaks_the_link)
{
	ck_assert_int_eq(send(server, "\0\n", 2, 0), 2);
	expect_lost("NUL");
}
END_TEST

START_TEST(a_line_without_end_is_not_kept)
{
	static char part[1 << 20];
	struct jsonrpc_reply reply;
	enum link_status status = LINK_EMPTY;
	size_t sent = 0;

	memset(part, 'x', sizeof(part));
	while (status == LINK_EMPTY && sent <= 2 * LINK_MAX_LINE_BYTES) {
		ssize_t n = send(
		    server, part, sizeof(part), MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		link_serve(client);
		status = link_next(client, &reply);
	}
	ck_assert_int_eq(status, LINK_LOST);
	ck_assert_uint_gt(sent, LINK_MAX_LINE_BYTES);
	expect_lost("too long a line");
}
END_TEST

START_TEST(waiting_ends_in_time)
{
	struct jsonrpc_reply reply;

	ck_assert_int_eq(link_receive(client, 0, &reply), LINK_TIMED_OUT);
	ck_assert_int_eq(link_receive(client, 5, &reply), LINK_TIMED_OUT);
}
END_TEST

START_TEST(waiting_ends_when_woken)
{
	struct jsonrpc_reply reply;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	link_set_wake_fd(client, fds[0]);
	ck_assert_int_eq(link_receive(client, 1, &reply), LINK_TIMED_OUT);
	ck_assert_int_eq(write(fds[1], "", 1), 1);
	ck_assert_int_eq(
	    link_receive(client, LINK_FOREVER, &reply), LINK_WOKEN);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* The server sees the end: 0 for an orderly one, or the error of a reset. */
static int
see_end(void)
{
	char byte;
	ssize_t got;

	do
		got = recv(server, &byte, 1, 0);
	while (got > 0);
	return got == 0 ? 0 : errno;
}

START_TEST(giving_up_on_an_answer_is_a_reset)
{
	ask(1);
	link_close(client);
	client = NULL;
	ck_assert_int_eq(see_end(), ECONNRESET);
}
END_TEST

START_TEST(with_all_answers_the_end_is_orderly)
{
	ask(1);
	say("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
	expect_answer(1);
	link_close(client);
	client = NULL;
	ck_assert_int_eq(see_end(), 0);
}
END_TEST

START_TEST(a_server_that_does_not_read_blocks_nothing)
{
	enum { N_REQUESTS = 40, TEXT_BYTES = 1 << 18 };
	char *text = malloc(TEXT_BYTES + 1);
	char *heard = malloc(1 << 16);
	size_t n_lines = 0;

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(heard);
	memset(text, 'x', TEXT_BYTES);
	text[TEXT_BYTES] = '\0';
	for (uint64_t id = 1; id <= N_REQUESTS; id++) {
		ck_assert_int_eq(link_send(client, id, "m",
				     json_pack("{s:s}", "text", text)),
		    0);
		link_serve(client);
	}
	ck_assert_uint_gt(link_unsent_bytes(client), 0);
	ck_assert_int_ne(link_events(client) & POLLOUT, 0);
	/* Then it reads, and everything arrives. */
	while (n_lines < N_REQUESTS) {
		ssize_t got;

		link_serve(client);
		got = recv(server, heard, 1 << 16, 0);
		ck_assert_int_gt(got, 0);
		for (ssize_t i = 0; i < got; i++)
			n_lines += heard[i] == '\n';
	}
	ck_assert_uint_eq(link_unsent_bytes(client), 0);
	ck_assert_int_eq(link_events(client), POLLIN);
	free(heard);
	free(text);
}
END_TEST

static const char *const no_addresses[] = {"", "4453", "localhost",
    "localhost:", ":4453", "::1:4453", "[::1]", "[::1]4453", "[]:4453",
    "unix:"};

START_TEST(what_is_no_address_is_told)
{
	ck_assert_ptr_null(try_open(no_addresses[_i], PATIENCE_MS));
	ck_assert(failure.is_address_wrong);
	ck_assert_str_ne(failure.text, "");
}
END_TEST

START_TEST(a_refusal_is_told)
{
	int fd = listen_tcp(-1); /* bound, and nobody listens */

	ck_assert_ptr_null(try_open(address, PATIENCE_MS));
	ck_assert_str_eq(failure.text, "Connection refused");
	ck_assert(!failure.is_address_wrong);
	close(fd);
	ck_assert_ptr_null(
	    try_open("unix:/nonexistent/gild.sock", PATIENCE_MS));
	ck_assert_str_eq(failure.text, "No such file or directory");
}
END_TEST

START_TEST(long_names_are_told)
{
	char text[600];

	memset(text, 'x', sizeof(text));
	memcpy(text, "unix:", 5);
	text[150] = '\0';
	ck_assert_ptr_null(try_open(text, PATIENCE_MS));
	ck_assert_str_eq(
	    failure.text, "a path of 1 to 107 bytes follows unix:");
	text[150] = 'x';
	text[sizeof(text) - 1] = '\0';
	ck_assert_ptr_null(try_open(text, PATIENCE_MS));
	ck_assert_str_eq(
	    failure.text, "at most 255 characters make an address");
}
END_TEST

/* A listener whose queue is full lets nobody in; connecting then gives up. */
START_TEST(connecting_ends_in_time)
{
	struct link *waiting[64] = {NULL};
	int fd = listen_tcp(0);
	size_t n = 0;

	while (n < 64 && (waiting[n] = try_open(address, 100)) != NULL)
		n++;
	ck_assert_uint_lt(n, 64);
	ck_assert_str_eq(failure.text, "Connection timed out");
	while (n > 0)
		link_close(waiting[--n]);
	close(fd);
}
END_TEST

/* The same for a Unix socket; and then one that lets us in. */
START_TEST(unix_sockets_are_servers_too)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct link *waiting[64] = {NULL};
	char folder[] = "/tmp/test_link.XXXXXX";
	char text[128];
	size_t n = 0;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/s", folder);
	snprintf(text, sizeof(text), "unix:%s/s", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(listener, -1);
	ck_assert_int_eq(
	    bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
	while (n < 64 && (waiting[n] = try_open(text, 100)) != NULL)
		n++;
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_lt(n, 64);
	ck_assert_str_eq(failure.text, "Connection timed out");
	client = waiting[0];
	/* Of both ends of it. */
	ck_assert_int_eq(link_peer_pid(client), getpid());
	accept_client();
	ask(1);
	say("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
	expect_answer(1);
	while (n > 0)
		link_close(waiting[--n]);
	close(server);
	close(listener);
	unlink(name.sun_path);
	rmdir(folder);
}
END_TEST

/* Whoever listens on a TCP port may be anywhere. */
START_TEST(tcp_has_no_peers_pid)
{
	setup();
	ck_assert_int_eq(link_peer_pid(client), 0);
	teardown();
}
END_TEST

START_TEST(closing_nothing_is_borne)
{
	link_close(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("link");
	TCase *talk = tcase_create("talk");
	TCase *open = tcase_create("open");

	tcase_add_checked_fixture(talk, setup, teardown);
	tcase_set_timeout(talk, 60);
	tcase_add_test(talk, a_question_is_answered);
	tcase_add_test(talk, replies_come_in_pieces_and_together);
	tcase_add_test(talk, errors_are_answers_too);
	tcase_add_test(talk, notifications_answer_nothing);
	tcase_add_test(talk, the_end_is_told_after_what_came_before_it);
	tcase_add_test(talk, a_reset_is_told);
	tcase_add_loop_test(
	    talk, a_stranger_is_not_talked_to, 0, COUNT(strangers));
	tcase_add_test(talk, a_nul_byte_breaks_the_link);
	tcase_add_test(talk, a_line_without_end_is_not_kept);
	tcase_add_test(talk, waiting_ends_in_time);
	tcase_add_test(talk, waiting_ends_when_woken);
	tcase_add_test(talk, giving_up_on_an_answer_is_a_reset);
	tcase_add_test(talk, with_all_answers_the_end_is_orderly);
	tcase_add_test(talk, a_server_that_does_not_read_blocks_nothing);
	suite_add_tcase(suite, talk);
	tcase_set_timeout(open, 60);
	tcase_add_loop_test(
	    open, what_is_no_address_is_told, 0, COUNT(no_addresses));
	tcase_add_test(open, a_refusal_is_told);
	tcase_add_test(open, long_names_are_told);
	tcase_add_test(open, connecting_ends_in_time);
	tcase_add_test(open, unix_sockets_are_servers_too);
	tcase_add_test(open, tcp_has_no_peers_pid);
	tcase_add_test(open, closing_nothing_is_borne);
	suite_add_tcase(suite, open);
	return suite_main(suite);
}
