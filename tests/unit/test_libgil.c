/*
 * libgil against a server that is this test: it listens on a port that the
 * kernel chose, and plays the part by hand. The client's connect(2) is done by
 * the kernel before the server accepts, so one thread is enough.
 */
#include "client/libgil/gil.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
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
static struct gil *client;
static struct gil_failure failure; /* of the last try_open() */
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

static struct gil *
try_open(const char *to, int timeout_ms)
{
	struct gil_options options = {
	    .server = to, .connect_timeout_ms = timeout_ms};

	return gil_connect(&options, &failure);
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
	gil_close(client);
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

/* A request with this tag, sent. */
static void
ask(uint64_t tag)
{
	ck_assert_int_eq(gil_call(client, "server.ping", NULL, tag), 0);
	gil_flush(client);
}

static const struct gil_event *
expect_event(enum gil_event_type type)
{
	const struct gil_event *event = gil_poll(client, PATIENCE_MS);

	ck_assert_msg(event->type == type, "%d instead of %d: %s",
	    (int)event->type, (int)type, event->text);
	return event;
}

/* The next event, which must be the answer to the request with this tag. */
static const struct gil_event *
expect_answer(uint64_t tag)
{
	const struct gil_event *event = expect_event(GIL_RESULT);

	ck_assert_uint_eq(event->tag, tag);
	ck_assert_uint_ge(event->received_ns, event->sent_ns);
	ck_assert_uint_gt(event->sent_ns, 0);
	return event;
}

/* The tags of those without an answer, added up, and the loss. */
static uint64_t
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

START_TEST(a_question_is_answered)
{
	ck_assert_int_eq(gil_call(client, "m", " {\"a\" :\n\"b\"}", 7), 0);
	ck_assert_uint_gt(gil_unsent_bytes(client), 0);
	ck_assert_int_eq(gil_events(client), POLLIN | POLLOUT);
	gil_flush(client);
	expect_heard("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\","
		     "\"params\": {\"a\" : \"b\"}}\n");
	ck_assert_uint_eq(gil_last_request(client), 1);
	ck_assert_uint_eq(gil_unanswered(client), 1);
	ck_assert_uint_eq(gil_unsent_bytes(client), 0);
	ck_assert_int_eq(gil_events(client), POLLIN);
	say("{\"jsonrpc\":\"2.0\",\"result\":{\"pong\":true},\"id\":1}\n");
	ck_assert_str_eq(expect_answer(7)->json, "{\"pong\":true}");
	ck_assert_uint_eq(gil_unanswered(client), 0);
	ck_assert_str_eq(gil_why(client), "");
	ck_assert_str_eq(gil_server(client), address);
}
END_TEST

START_TEST(a_job_is_written_as_it_is_asked_for)
{
	struct gil_job bare = {.count = 1000};
	struct gil_job full = {
	    .count = GIL_MAX_INTEGER,
	    .pool = "threads",
	    .workers = UINT32_MAX,
	    .profile = GIL_PROFILE_IO,
	    .cost_ns = 2,
	    .io_every = 3,
	    .io_for_us = 4,
	    .timeout_ms = 5,
	    .start_after_ms = 6,
	    .has_priority = true,
	    .progress = true,
	    .detach = true,
	    .key = "\x01\"\\\xc3\xa4",
	};

	ck_assert_int_eq(gil_submit(client, &bare, 0), 0);
	ck_assert_int_eq(gil_submit(client, &full, 0), 0);
	ck_assert_int_eq(gil_cancel(client, "01J", 0), 0);
	gil_flush(client);
	expect_heard("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
		     "\"job.submit\",\"params\":{\"count\":1000}}\n");
	expect_heard(
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"job.submit\","
	    "\"params\":{\"count\":9007199254740991,\"pool\":\"threads\","
	    "\"workers\":4294967295,\"cost_ns\":2,\"timeout_ms\":5,"
	    "\"profile\":\"io\",\"io_every\":3,\"io_for_us\":4,"
	    "\"priority\":0,\"start_after_ms\":6,\"progress\":true,"
	    "\"detach\":true,\"key\":\"\\u0001\\\"\\\\\xc3\xa4\"}}\n");
	expect_heard("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":"
		     "\"job.cancel\",\"params\":{\"job\":\"01J\"}}\n");
}
END_TEST

START_TEST(what_cannot_be_written_is_no_request)
{
	static const char *const no_params[] = {"", "1", "[1]", "{", "{} x",
	    "{\"a\":1,}", "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}"};
	/* As long as it may be, and not UTF-8. */
	static const char *const no_texts[] = {"\x80", "\xc0\x80", "\xed\xa0"
	    "\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\xf0\x80\x80\x80"};

	for (size_t i = 0; i < COUNT(no_params); i++) {
		ck_assert_int_eq(gil_call(client, "m", no_params[i], 0), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	for (size_t i = 0; i < COUNT(no_texts); i++) {
		struct gil_job job = {.count = 1, .key = no_texts[i]};

		ck_assert_int_eq(gil_submit(client, &job, 0), -1);
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_int_eq(gil_call(client, no_texts[i], NULL, 0), -1);
		ck_assert_int_eq(gil_cancel(client, no_texts[i], 0), -1);
	}
	ck_assert_int_eq(gil_submit(client,
			     &(struct gil_job){.count = GIL_MAX_INTEGER + 1},
			     0),
	    -1);
	ck_assert_int_eq(gil_submit(client,
			     &(struct gil_job){.count = 1, .profile = 3}, 0),
	    -1);
	ck_assert_uint_eq(gil_unanswered(client), 0);
	ck_assert_uint_eq(gil_unsent_bytes(client), 0);
}
END_TEST

START_TEST(replies_come_in_pieces_and_together)
{
	ask(11);
	ask(12);
	ask(13);
	say("{\"jsonrpc\":\"2.0\",\"res");
	ck_assert_int_eq(gil_poll(client, 1)->type, GIL_NOTHING);
	say("ult\":{},\"id\":2}\n\n\r\n" RESULT("1") " \t\r\n" RESULT("3"));
	expect_answer(12);
	expect_answer(11);
	expect_answer(13);
	ck_assert_int_eq(gil_poll(client, 0)->type, GIL_NOTHING);
	ck_assert_uint_eq(gil_unanswered(client), 0);
}
END_TEST

START_TEST(a_reply_comes_byte_by_byte)
{
	const char *text = RESULT("1") "\r\n" RESULT("2");

	ask(11);
	ask(12);
	for (; text[1] != '\0'; text++) {
		char byte[2] = {*text, '\0'};
		const struct gil_event *event;

		say(byte);
		event = gil_poll(client, 0);
		if (event->type == GIL_RESULT)
			ck_assert_uint_eq(event->tag, 11);
		else
			ck_assert_int_eq(event->type, GIL_NOTHING);
	}
	ck_assert_uint_eq(gil_unanswered(client), 1);
	say("\n");
	expect_answer(12);
}
END_TEST

/* Tags are found again, whatever the order and however many there are. */
START_TEST(many_are_under_way)
{
	enum { N = 5000, STEP = 1237 };
	char text[64];
	char heard[4096];
	static uint64_t numbers[N];
	uint64_t n_lines = 0;

	/* One that stays, while the numbers go round its table. */
	ck_assert_int_eq(gil_call(client, "m", NULL, 1), 0);
	for (uint64_t i = 0; i < 5 * N; i++) {
		ck_assert_int_eq(gil_call(client, "m", NULL, i), 0);
		ck_assert_uint_gt(
		    gil_last_request(client), i > 0 ? numbers[(i - 1) % N] : 1);
		numbers[i % N] = gil_last_request(client);
		if (i % N != N - 1)
			continue;
		while (n_lines <= i + 1) {
			ssize_t got;

			gil_flush(client);
			got = recv(server, heard, sizeof(heard), 0);
			ck_assert_int_gt(got, 0);
			for (ssize_t j = 0; j < got; j++)
				n_lines += heard[j] == '\n';
		}
		ck_assert_uint_eq(gil_unanswered(client), N + 1);
		for (uint64_t j = 0; j < N; j++) {
			uint64_t k = j * STEP % N;

			snprintf(text, sizeof(text),
			    "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64
			    ",\"result\":{}}\n",
			    numbers[k]);
			say(text);
			expect_answer(i - (N - 1) + k);
		}
	}
	/* One was left out: it would have met the one that stays. */
	ck_assert_uint_gt(gil_last_request(client), 5 * N + 1);
	say(RESULT("1"));
	expect_answer(1);
	ck_assert_uint_eq(gil_unanswered(client), 0);
}
END_TEST

START_TEST(a_result_says_what_became_of_the_job)
{
	const struct gil_event *event;
	const struct gil_task *tasks;
	size_t n_tasks;

	ask(1);
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"job\":\"01J\","
	    "\"state\":\"failed\",\"reason\":\"say \\\"why\\\" \\u00e4"
	    "\\ud83d\\ude00\",\"news\":[{\"a\":null}],\"pool\":\"threads\","
	    "\"count\":50,\"workers\":2,\"attempts\":3,\"timing\":{"
	    "\"queue_ns\":1,\"wall_ns\":2,\"total_ns\":3,\"cpu_ns\":4,"
	    "\"cpu_wait_ns\":5,\"lock_wait_ns\":6,\"lock_held_ns\":7,"
	    "\"switch_wait_ns\":8,\"native_ns\":9,\"io_ns\":10},"
	    "\"tasks\":[{\"task\":0,\"pid\":7,\"tid\":8,\"wall_ns\":9,"
	    "\"lock\":{\"wall_ns\":1}},{\"pid\":10,\"turns\":11}]}}\n");
	event = expect_answer(1);
	ck_assert_str_eq(event->result.job, "01J");
	ck_assert_int_eq(event->result.state, GIL_FAILED);
	ck_assert_str_eq(event->result.reason,
	    "say \"why\" \xc3\xa4\xf0\x9f\x98\x80");
	ck_assert_str_eq(event->result.pool, "threads");
	ck_assert_uint_eq(event->result.count, 50);
	ck_assert_uint_eq(event->result.workers, 2);
	ck_assert_uint_eq(event->result.attempts, 3);
	ck_assert(!event->result.was_created);
	ck_assert_uint_eq(event->result.timing.queue_ns, 1);
	ck_assert_uint_eq(event->result.timing.total_ns, 3);
	ck_assert_uint_eq(event->result.timing.io_ns, 10);
	tasks = gil_tasks(client, &n_tasks);
	ck_assert_uint_eq(n_tasks, 2);
	ck_assert_int_eq(tasks[0].pid, 7);
	ck_assert_int_eq(tasks[0].tid, 8);
	ck_assert_uint_eq(tasks[0].wall_ns, 9);
	ck_assert_int_eq(tasks[1].pid, 10);
	ck_assert_uint_eq(tasks[1].turns, 11);
	ck_assert_ptr_eq(gil_tasks(client, &n_tasks), tasks);
	ck_assert_int_eq(json_integer_value(json_object_get(
			     gil_json(client), "attempts")),
	    3);
	ck_assert_ptr_eq(gil_json(client), gil_json(client));
	ck_assert_uint_eq(strlen(event->json), event->json_bytes);
	/* They are the event's. */
	ck_assert_int_eq(gil_poll(client, 0)->type, GIL_NOTHING);
	ck_assert_ptr_null(gil_tasks(client, &n_tasks));
	ck_assert_uint_eq(n_tasks, 0);
	ck_assert_ptr_null(gil_json(client));
}
END_TEST

/* What is no object has no members, and is an answer all the same. */
START_TEST(results_of_other_shapes_are_results)
{
	size_t n_tasks;

	for (uint64_t tag = 1; tag <= 4; tag++)
		ask(tag);
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[1, 2]}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null,\"more\":{}}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"state\":7,"
	    "\"count\":-1,\"workers\":4294967296,\"timing\":[],"
	    "\"tasks\":\"none\",\"job\":{}}}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"created\":true,"
	    "\"state\":\"asleep\"}}\n");
	ck_assert_str_eq(expect_answer(1)->json, "[1, 2]");
	ck_assert_int_eq((int)json_array_size(gil_json(client)), 2);
	ck_assert_str_eq(expect_answer(2)->json, "null");
	ck_assert_ptr_null(gil_tasks(client, &n_tasks));
	ck_assert(expect_answer(3)->result.state == GIL_STATE_NONE);
	ck_assert_ptr_null(gil_tasks(client, &n_tasks));
	ck_assert(expect_answer(4)->result.was_created);
}
END_TEST

START_TEST(errors_are_answers_too)
{
	const struct gil_event *event;

	ask(9);
	say("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":"
	    "\"Busy\",\"data\":{\"reason\":\"busy\",\"field\":\"pool\","
	    "\"detail\":\"full\",\"retry_after_ms\":70}},\"id\":1}\n");
	event = expect_event(GIL_ERROR);
	ck_assert_uint_eq(event->tag, 9);
	ck_assert_uint_eq(event->request, 1);
	ck_assert_int_eq(event->error.code, -32000);
	ck_assert_str_eq(event->error.message, "Busy");
	ck_assert_str_eq(event->error.reason, "busy");
	ck_assert_str_eq(event->error.field, "pool");
	ck_assert_str_eq(event->error.detail, "full");
	ck_assert_uint_eq(event->error.retry_after_ms, 70);
	ck_assert_uint_eq(gil_unanswered(client), 0);
}
END_TEST

/* What is wrong with a whole line comes without its id. */
START_TEST(an_error_may_be_about_no_request)
{
	const struct gil_event *event;

	ask(9);
	say("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32004,\"message\":"
	    "\"Line too long\"},\"id\":null}\n");
	event = expect_event(GIL_ERROR);
	ck_assert_uint_eq(event->request, 0);
	ck_assert_uint_eq(event->tag, 0);
	ck_assert_str_eq(event->error.reason, "");
	ck_assert_uint_eq(gil_unanswered(client), 1);
}
END_TEST

START_TEST(notifications_answer_nothing)
{
	const struct gil_event *event;

	ask(9);
	say("{\"jsonrpc\":\"2.0\",\"method\":\"job.progress\",\"params\":{"
	    "\"job\":\"01J\",\"request\":1,\"state\":\"running\",\"turns\":5,"
	    "\"count\":10}}\n{\"jsonrpc\":\"2.0\",\"method\":\"news\"}\n"
	    "{\"jsonrpc\":\"2.0\",\"params\":{},\"method\":"
	    "\"job.progress\"}\n");
	event = expect_event(GIL_PROGRESS);
	ck_assert_uint_eq(event->tag, 9);
	ck_assert_uint_eq(event->request, 1);
	ck_assert_str_eq(event->progress.job, "01J");
	ck_assert_int_eq(event->progress.state, GIL_RUNNING);
	ck_assert_uint_eq(event->progress.turns, 5);
	ck_assert_uint_eq(event->progress.count, 10);
	ck_assert_str_eq(event->text, "job.progress");
	event = expect_event(GIL_NOTICE);
	ck_assert_str_eq(event->text, "news");
	ck_assert_str_eq(event->json, "");
	ck_assert_uint_eq(event->request, 0);
	event = expect_event(GIL_NOTICE);
	ck_assert_str_eq(event->json, "{}");
	ck_assert_uint_eq(gil_unanswered(client), 1);
}
END_TEST

START_TEST(the_end_is_told_after_what_came_before_it)
{
	ask(1);
	/* What is not read at a close makes it a reset. */
	expect_heard("{\"jsonrpc\":\"2.0\",\"id\":1,"
		     "\"method\":\"server.ping\"}\n");
	say(RESULT("1"));
	close(server);
	server = -1;
	expect_answer(1);
	expect_lost("the server closed it");
	ck_assert(gil_was_orderly(client));
}
END_TEST

/* The last line needs no LF; and what was sent meanwhile has an event. */
START_TEST(each_request_has_its_event_in_the_end)
{
	ask(1);
	expect_heard("{\"jsonrpc\":\"2.0\",\"id\":1,"
		     "\"method\":\"server.ping\"}\n");
	say(RESULT("1") "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":2}");
	ck_assert_int_eq(gil_call(client, "m", NULL, 2), 0);
	ck_assert_int_eq(shutdown(server, SHUT_WR), 0);
	expect_answer(1);
	expect_answer(2);
	for (uint64_t tag = 1; tag <= 100; tag++)
		ck_assert_int_eq(gil_call(client, "m", NULL, tag), 0);
	ck_assert_uint_eq(expect_lost("closed"), 5050);
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
	ck_assert_uint_eq(expect_lost(""), 3);
	ck_assert(!gil_was_orderly(client));
}
END_TEST

static const struct {
	const char *said;
	const char *why;
} strangers[] = {
    {"220 mail.example ESMTP\n", "no JSON-RPC reply"},
    {"{\"jsonrpc\":\"1.0\",\"result\":{},\"id\":1}\n", "\"2.0\""},
    {"{\"result\":{},\"id\":1}\n", "\"2.0\""},
    {"{}\n", "no JSON-RPC reply"},
    {"[1]\n", "no object"},
    {"{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}}\n", "no JSON"},
    {"{\"jsonrpc\":\"2.0\",\"result\":{\"a\":01},\"id\":1}\n", "no JSON"},
    {"{\"jsonrpc\":\"2.0\",\"result\":{}}\n", "an id"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1}\n", "a result or an error"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":1}\n", "two of what"},
    {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"result\":1}\n", "its id is none"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}\n", "a code"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":1}\n", "a code"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}\n", "no id"},
    {"{\"jsonrpc\":\"2.0\",\"method\":1}\n", "a string"},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":1}\n", "params"},
    {RESULT("2"), "not asked"},
    {RESULT("-1"), "not asked"},
    {RESULT("\"1\""), "not asked"},
    {RESULT("null"), "not asked"},
    {RESULT("1.0"), "not asked"},
};

START_TEST(a_stranger_is_not_talked_to)
{
	ask(1);
	say(strangers[_i].said);
	/* What follows is not believed either. */
	say(RESULT("1"));
	ck_assert_uint_eq(expect_lost(strangers[_i].why), 1);
	ck_assert(!gil_was_orderly(client));
}
END_TEST

START_TEST(an_answer_is_answered_once)
{
	ask(1);
	say(RESULT("1") RESULT("1"));
	expect_answer(1);
	expect_lost("not asked");
}
END_TEST

START_TEST(a_nul_byte_breaks_the_connection)
{
	const char said[] = RESULT("1") "\0\n";

	ask(1);
	ck_assert_int_eq(
	    send(server, said, sizeof(said) - 1, 0), sizeof(said) - 1);
	expect_answer(1);
	expect_lost("NUL");
}
END_TEST

START_TEST(a_line_without_end_is_not_kept)
{
	static char part[1 << 20];
	enum { MAX = 8 << 20 };
	struct gil_options options = {
	    .server = address, .max_reply_bytes = MAX};
	enum gil_event_type type = GIL_NOTHING;
	size_t sent = 0;

	teardown();
	listener = listen_tcp(8);
	options.server = address;
	client = gil_connect(&options, &failure);
	accept_client();
	memset(part, 'x', sizeof(part));
	while (type == GIL_NOTHING && sent <= 8 * (size_t)MAX) {
		ssize_t n = send(
		    server, part, sizeof(part), MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		type = gil_poll(client, 0)->type;
	}
	ck_assert_int_eq(type, GIL_LOST);
	ck_assert_uint_gt(sent, MAX);
	expect_lost("too long a line");
}
END_TEST

START_TEST(a_long_reply_is_read)
{
	enum { TEXT_BYTES = 3 << 20 };
	static char text[TEXT_BYTES + 64];
	size_t length, sent = 0;
	const struct gil_event *event;

	ask(1);
	strcpy(text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"job\":\"");
	length = strlen(text);
	memset(text + length, 'x', TEXT_BYTES);
	strcpy(text + length + TEXT_BYTES, "\"}}\n");
	length = strlen(text);
	while ((event = gil_poll(client, 0))->type == GIL_NOTHING) {
		ssize_t n = send(server, text + sent, length - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
	}
	ck_assert_int_eq(event->type, GIL_RESULT);
	ck_assert_uint_eq(strlen(event->result.job), TEXT_BYTES);
}
END_TEST

START_TEST(waiting_ends_in_time)
{
	ck_assert_int_eq(gil_poll(client, 0)->type, GIL_NOTHING);
	ck_assert_int_eq(gil_poll(client, 5)->type, GIL_NOTHING);
}
END_TEST

START_TEST(waiting_ends_when_woken)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	gil_set_wake_fd(client, fds[0]);
	ck_assert_int_eq(gil_poll(client, 0)->type, GIL_NOTHING);
	ck_assert_int_eq(gil_poll(client, 1)->type, GIL_NOTHING);
	ck_assert_int_eq(write(fds[1], "", 1), 1);
	ck_assert_int_eq(gil_poll(client, GIL_FOREVER)->type, GIL_WOKEN);
	ck_assert_int_eq(gil_poll(client, 0)->type, GIL_WOKEN);
	gil_set_wake_fd(client, -1);
	ck_assert_int_eq(gil_poll(client, 1)->type, GIL_NOTHING);
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
	gil_close(client);
	client = NULL;
	ck_assert_int_eq(see_end(), ECONNRESET);
}
END_TEST

START_TEST(with_all_answers_the_end_is_orderly)
{
	ask(1);
	say(RESULT("1"));
	expect_answer(1);
	gil_close(client);
	client = NULL;
	ck_assert_int_eq(see_end(), 0);
}
END_TEST

START_TEST(a_server_that_does_not_read_blocks_nothing)
{
	enum { N_REQUESTS = 40, TEXT_BYTES = 1 << 18 };
	char *text = malloc(TEXT_BYTES + 1);
	char *heard = malloc(1 << 16);
	struct gil_job job = {.count = 1, .key = text};
	size_t n_lines = 0;

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(heard);
	memset(text, 'x', TEXT_BYTES);
	text[TEXT_BYTES] = '\0';
	for (uint64_t tag = 1; tag <= N_REQUESTS; tag++)
		ck_assert_int_eq(gil_submit(client, &job, tag), 0);
	ck_assert_uint_gt(gil_unsent_bytes(client), 0);
	ck_assert_int_ne(gil_events(client) & POLLOUT, 0);
	/* Then it reads, and everything arrives. */
	while (n_lines < N_REQUESTS) {
		ssize_t got;

		gil_flush(client);
		got = recv(server, heard, 1 << 16, 0);
		ck_assert_int_gt(got, 0);
		for (ssize_t i = 0; i < got; i++)
			n_lines += heard[i] == '\n';
	}
	ck_assert_uint_eq(gil_unsent_bytes(client), 0);
	ck_assert_int_eq(gil_events(client), POLLIN);
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
	ck_assert_int_eq(failure.kind, GIL_BAD_ADDRESS);
	ck_assert_str_ne(failure.text, "");
}
END_TEST

START_TEST(a_refusal_is_told)
{
	int fd = listen_tcp(-1); /* bound, and nobody listens */

	ck_assert_ptr_null(try_open(address, PATIENCE_MS));
	ck_assert_str_eq(failure.text, "Connection refused");
	ck_assert_int_eq(failure.kind, GIL_NO_SERVER);
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
	struct gil *waiting[64] = {NULL};
	int fd = listen_tcp(0);
	size_t n = 0;

	while (n < 64 && (waiting[n] = try_open(address, 100)) != NULL)
		n++;
	ck_assert_uint_lt(n, 64);
	ck_assert_str_eq(failure.text, "Connection timed out");
	while (n > 0)
		gil_close(waiting[--n]);
	close(fd);
}
END_TEST

/* The same for a Unix socket; and then one that lets us in. */
START_TEST(unix_sockets_are_servers_too)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct gil *waiting[64] = {NULL};
	char folder[] = "/tmp/test_libgil.XXXXXX";
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
	ck_assert_int_eq(gil_peer_pid(client), getpid());
	accept_client();
	ask(1);
	say(RESULT("1"));
	expect_answer(1);
	while (n > 0)
		gil_close(waiting[--n]);
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
	ck_assert_int_eq(gil_peer_pid(client), 0);
	teardown();
}
END_TEST

START_TEST(closing_nothing_is_borne)
{
	gil_close(NULL);
}
END_TEST

START_TEST(states_have_names)
{
	ck_assert_str_eq(gil_state_name(GIL_TIMED_OUT), "timed_out");
	ck_assert_str_eq(gil_state_name(GIL_STATE_NONE), "unknown");
	ck_assert_str_eq(gil_state_name((enum gil_state)99), "unknown");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("libgil");
	TCase *talk = tcase_create("talk");
	TCase *open = tcase_create("open");

	tcase_add_checked_fixture(talk, setup, teardown);
	tcase_set_timeout(talk, 60);
	tcase_add_test(talk, a_question_is_answered);
	tcase_add_test(talk, a_job_is_written_as_it_is_asked_for);
	tcase_add_test(talk, what_cannot_be_written_is_no_request);
	tcase_add_test(talk, replies_come_in_pieces_and_together);
	tcase_add_test(talk, a_reply_comes_byte_by_byte);
	tcase_add_test(talk, many_are_under_way);
	tcase_add_test(talk, a_result_says_what_became_of_the_job);
	tcase_add_test(talk, results_of_other_shapes_are_results);
	tcase_add_test(talk, errors_are_answers_too);
	tcase_add_test(talk, an_error_may_be_about_no_request);
	tcase_add_test(talk, notifications_answer_nothing);
	tcase_add_test(talk, the_end_is_told_after_what_came_before_it);
	tcase_add_test(talk, each_request_has_its_event_in_the_end);
	tcase_add_test(talk, a_reset_is_told);
	tcase_add_loop_test(
	    talk, a_stranger_is_not_talked_to, 0, COUNT(strangers));
	tcase_add_test(talk, an_answer_is_answered_once);
	tcase_add_test(talk, a_nul_byte_breaks_the_connection);
	tcase_add_test(talk, a_line_without_end_is_not_kept);
	tcase_add_test(talk, a_long_reply_is_read);
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
	tcase_add_test(open, states_have_names);
	suite_add_tcase(suite, open);
	return suite_main(suite);
}
