/*
 * libgil: requests go out, answers come in, and the connection ends; see the
 * fixture for who the server is.
 */
#include <inttypes.h>
#include <sys/ioctl.h>

#include "tests/unit/libgil_fixture.h"

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
	static const char *const no_texts[] = {"\x80", "\xc0\x80",
	    "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
	    "a\xf0\x80\x80\x80"};

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
	ck_assert_int_eq(
	    gil_submit(
		client, &(struct gil_job){.count = GIL_MAX_INTEGER + 1}, 0),
	    -1);
	ck_assert_int_eq(
	    gil_submit(client, &(struct gil_job){.count = 1, .profile = 3}, 0),
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

/* Of bytes that make no event: as many as the kernel takes. */
static void
say_blank_lines(void)
{
	static const char blank[4096] = {[0 ... 4095] = '\n'};
	int size = 1 << 20;

	ck_assert_int_eq(
	    setsockopt(server, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	while (send(server, blank, sizeof(blank), MSG_DONTWAIT) > 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(waiting_ends_in_time_whatever_comes)
{
	int fds[2];
	int left;

	ck_assert_int_eq(pipe(fds), 0);
	gil_set_wake_fd(client, fds[0]);
	say_blank_lines();
	ck_assert_int_eq(gil_poll(client, 0)->type, GIL_NOTHING);
	ck_assert_int_eq(ioctl(gil_fd(client), FIONREAD, &left), 0);
	ck_assert_int_gt(left, 0);
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

int
main(void)
{
	Suite *suite = suite_create("libgil");
	TCase *tcase = tcase_create("libgil");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_question_is_answered);
	tcase_add_test(tcase, a_job_is_written_as_it_is_asked_for);
	tcase_add_test(tcase, what_cannot_be_written_is_no_request);
	tcase_add_test(tcase, replies_come_in_pieces_and_together);
	tcase_add_test(tcase, a_reply_comes_byte_by_byte);
	tcase_add_test(tcase, many_are_under_way);
	tcase_add_test(tcase, the_end_is_told_after_what_came_before_it);
	tcase_add_test(tcase, each_request_has_its_event_in_the_end);
	tcase_add_test(tcase, a_reset_is_told);
	tcase_add_test(tcase, waiting_ends_in_time);
	tcase_add_test(tcase, waiting_ends_when_woken);
	tcase_add_test(tcase, waiting_ends_in_time_whatever_comes);
	tcase_add_test(tcase, giving_up_on_an_answer_is_a_reset);
	tcase_add_test(tcase, with_all_answers_the_end_is_orderly);
	tcase_add_test(tcase, a_server_that_does_not_read_blocks_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
