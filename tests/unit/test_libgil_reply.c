/*
 * libgil: what is found in replies, and what is no reply.
 */
#include <jansson.h>

#include "tests/unit/libgil_fixture.h"

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
	ck_assert_str_eq(
	    event->result.reason, "say \"why\" \xc3\xa4\xf0\x9f\x98\x80");
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
	ck_assert_int_eq(
	    json_integer_value(json_object_get(gil_json(client), "attempts")),
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
	Suite *suite = suite_create("libgil_reply");
	TCase *tcase = tcase_create("libgil_reply");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_result_says_what_became_of_the_job);
	tcase_add_test(tcase, results_of_other_shapes_are_results);
	tcase_add_test(tcase, errors_are_answers_too);
	tcase_add_test(tcase, an_error_may_be_about_no_request);
	tcase_add_test(tcase, notifications_answer_nothing);
	tcase_add_loop_test(
	    tcase, a_stranger_is_not_talked_to, 0, COUNT(strangers));
	tcase_add_test(tcase, an_answer_is_answered_once);
	tcase_add_test(tcase, a_nul_byte_breaks_the_connection);
	tcase_add_test(tcase, a_line_without_end_is_not_kept);
	tcase_add_test(tcase, a_long_reply_is_read);
	tcase_add_test(tcase, states_have_names);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
