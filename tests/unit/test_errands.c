/*
 * Errands over a lifeline, against a server that is a child of this test and
 * plays a script: each errand has its answer, whatever becomes of the link.
 */
#include "client/errands.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static int listener = -1;
static char address[64];
static pid_t player;
static struct context context;
static struct lifeline line;
static struct errands errands;

static const struct command command = {.name = "test"};

static void
setup(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t size = sizeof(name);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(
	    bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&name, &size), 0);
	snprintf(
	    address, sizeof(address), "127.0.0.1:%u", ntohs(name.sin_port));
	context = (struct context){.server = address,
	    .connect_timeout_ms = 10000,
	    .command = &command};
}

static void
teardown(void)
{
	errands_free(&errands);
	lifeline_close(&line);
	if (listener != -1)
		close(listener);
}

/* --- the server, in its process --- */

/* The next line, without its end. False where there is none. */
static bool
hear(FILE *in, char *heard, size_t size)
{
	if (fgets(heard, (int)size, in) == NULL)
		return false;
	heard[strcspn(heard, "\n")] = '\0';
	return true;
}

/* The id of a request that was heard. */
static long
id_of(const char *heard)
{
	const char *at = strstr(heard, "\"id\":");

	return at != NULL ? strtol(at + 5, NULL, 10) : 0;
}

static void
leave(FILE *client, bool is_reset)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (is_reset)
		setsockopt(fileno(client), SOL_SOCKET, SO_LINGER, &reset,
		    sizeof(reset));
	fclose(client);
}

/*
 * Steps: "accept"; "<TEXT" hears a line with TEXT in it, and remembers its id;
 * ">N REST" answers the Nth line heard since "accept"; "end" closes, "reset"
 * does so by a reset; "gone" hears that the client has hung up. The exit status is that of the first step that fails,
 * from 1, or 0.
 */
static void
play_and_exit(const char *const steps[])
{
	FILE *client = NULL;
	long ids[16];
	size_t n_ids = 0;

	for (int i = 0; steps[i] != NULL; i++) {
		const char *step = steps[i];
		char heard[1024];

		if (strcmp(step, "accept") == 0) {
			client = fdopen(accept(listener, NULL, NULL), "r+");
			n_ids = 0;
		} else if (*step == '<') {
			if (!hear(client, heard, sizeof(heard)) ||
			    strstr(heard, step + 1) == NULL)
				_exit(i + 1);
			ids[n_ids++] = id_of(heard);
		} else if (*step == '>') {
			fseek(client, 0, SEEK_CUR);
			fprintf(client, "{\"jsonrpc\":\"2.0\",\"id\":%ld,%s}\n",
			    ids[step[1] - '1'], step + 3);
			fflush(client);
		} else if (strcmp(step, "gone") == 0) {
			if (hear(client, heard, sizeof(heard)))
				_exit(i + 1);
		} else {
			leave(client, strcmp(step, "reset") == 0);
			client = NULL;
		}
	}
	_exit(0);
}

/* --- the client --- */

/* Starts the script, and connects. */
static void
begin(const char *const steps[], uint64_t retry_for_ms)
{
	player = fork();
	ck_assert_int_ne(player, -1);
	if (player == 0)
		play_and_exit(steps);
	lifeline_init(&line, &context, retry_for_ms, NULL);
	ck_assert_int_eq(lifeline_open(&line), OUTCOME_FINE);
	ck_assert_int_eq(errands_init(&errands, &line, 4), 0);
}

/* The script has been played to its end. */
static void
expect_played(void)
{
	int status;

	ck_assert_int_eq(waitpid(player, &status, 0), player);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0, "step %d of the script failed",
	    WEXITSTATUS(status));
}

static void
add(const char *method, uint64_t number, bool is_repeatable)
{
	ck_assert_int_eq(
	    errands_add(&errands, method, json_object(), number, is_repeatable),
	    OUTCOME_FINE);
}

static void
expect_answer(uint64_t number, int x)
{
	struct errand_answer answer;

	ck_assert_int_eq(
	    errands_next(&errands, ERRANDS_FOREVER, &answer), OUTCOME_FINE);
	ck_assert_uint_eq(answer.number, number);
	ck_assert_ptr_null(answer.error);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(answer.result, "x")), x);
	json_decref(answer.root);
}

static void
expect_end(enum outcome outcome)
{
	struct errand_answer answer;

	ck_assert_int_eq(
	    errands_next(&errands, ERRANDS_FOREVER, &answer), outcome);
}

#define BUSY(more)                                         \
	"\"error\":{\"code\":-32000,\"message\":\"Busy\"," \
	"\"data\":{\"reason\":\"busy\"" more "}}"

START_TEST(answers_come_in_any_order)
{
	static const char *const script[] = {"accept", "<\"one\"", "<\"two\"",
	    ">2 \"result\":{\"x\":2}", ">1 \"result\":{\"x\":1}", NULL};

	begin(script, 0);
	ck_assert(errands_are_none(&errands));
	add("one", 11, false);
	add("two", 12, false);
	expect_answer(12, 2);
	expect_answer(11, 1);
	ck_assert(errands_are_none(&errands));
	expect_played();
}
END_TEST

START_TEST(what_has_no_answer_is_sent_again)
{
	static const char *const script[] = {"accept", "<\"one\"", "<\"two\"",
	    ">2 \"result\":{\"x\":2}", "reset", "accept", "end", "accept",
	    "<\"one\"", ">1 \"result\":{\"x\":1}", NULL};

	begin(script, 60000);
	add("one", 11, true);
	add("two", 12, true);
	expect_answer(12, 2);
	expect_answer(11, 1);
	expect_played();
}
END_TEST

START_TEST(what_must_not_be_repeated_is_not)
{
	static const char *const script[] = {
	    "accept", "<\"one\"", "reset", NULL};

	begin(script, 60000);
	add("one", 11, false);
	expect_end(OUTCOME_NO_SERVER);
	expect_played();
}
END_TEST

START_TEST(but_is_after_an_end_in_good_order)
{
	static const char *const script[] = {"accept", "<\"one\"", "end",
	    "accept", "<\"one\"", ">1 \"result\":{\"x\":1}", NULL};

	begin(script, 60000);
	add("one", 11, false);
	expect_answer(11, 1);
	expect_played();
}
END_TEST

START_TEST(without_patience_a_lost_link_is_the_end)
{
	static const char *const script[] = {"accept", "<\"one\"", "end", NULL};

	begin(script, 0);
	add("one", 11, true);
	expect_end(OUTCOME_NO_SERVER);
	expect_played();
}
END_TEST

START_TEST(a_server_that_stays_away_is_given_up)
{
	static const char *const script[] = {"accept", "<\"one\"", "end", NULL};

	begin(script, 200);
	close(listener);
	listener = -1;
	add("one", 11, true);
	expect_end(OUTCOME_NO_SERVER);
	expect_played();
}
END_TEST

START_TEST(later_is_later)
{
	static const char *const script[] = {"accept", "<\"one\"",
	    ">1 " BUSY(",\"retry_after_ms\":200"), "<\"one\"", ">2 " BUSY(""),
	    "<\"one\"", ">3 \"result\":{\"x\":1}", NULL};
	struct timespec before, after;

	begin(script, 60000);
	clock_gettime(CLOCK_MONOTONIC, &before);
	add("one", 11, true);
	expect_answer(11, 1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_ge((after.tv_sec - before.tv_sec) * 1000 +
		(after.tv_nsec - before.tv_nsec) / 1000000,
	    200);
	expect_played();
}
END_TEST

START_TEST(too_much_later_is_a_refusal)
{
	static const char *const script[] = {"accept", "<\"one\"",
	    ">1 " BUSY(",\"retry_after_ms\":70000"), NULL};
	struct errand_answer answer;

	begin(script, 60000);
	add("one", 11, true);
	ck_assert_int_eq(
	    errands_next(&errands, ERRANDS_FOREVER, &answer), OUTCOME_FINE);
	ck_assert_int_eq(answer.kind, RPC_BUSY);
	ck_assert_ptr_nonnull(answer.error);
	json_decref(answer.root);
	expect_played();
}
END_TEST

START_TEST(waiting_may_have_an_end)
{
	static const char *const script[] = {
	    "accept", "<\"one\"", "<\"two\"", "gone", NULL};
	struct errand_answer answer;

	begin(script, 0);
	add("one", 11, true);
	ck_assert_int_eq(
	    errands_next(&errands, 20, &answer), OUTCOME_UNEXPECTED);
	add("two", 12, true);
	ck_assert_int_eq(
	    errands_next(&errands, 0, &answer), OUTCOME_UNEXPECTED);
	lifeline_close(&line);
	expect_played();
}
END_TEST

START_TEST(a_single_errand_says_how_it_ended)
{
	static const char *const script[] = {"accept", "<\"one\"",
	    ">1 \"result\":{\"x\":1}", "<\"two\"", ">2 " BUSY(""), NULL};
	json_t *result;

	begin(script, 0);
	ck_assert_int_eq(
	    errands_ask(&line, "one", json_object(), true, NULL, &result),
	    OUTCOME_FINE);
	ck_assert_int_eq(json_integer_value(json_object_get(result, "x")), 1);
	json_decref(result);
	ck_assert_int_eq(
	    errands_ask(&line, "two", json_object(), true, NULL, &result),
	    OUTCOME_REFUSED);
	expect_played();
}
END_TEST

START_TEST(all_lose_patience_together)
{
	static const char *const script[] = {"accept", "<\"one\"", "<\"two\"",
	    ">1 " BUSY(",\"retry_after_ms\":200"),
	    ">2 " BUSY(",\"retry_after_ms\":200"), "<\"one\"", "<\"two\"",
	    ">3 " BUSY(",\"retry_after_ms\":200"),
	    ">4 " BUSY(",\"retry_after_ms\":200"), "gone", NULL};

	begin(script, 300);
	add("one", 11, true);
	add("two", 12, true);
	for (uint64_t number = 11; number <= 12; number++) {
		struct errand_answer answer;

		ck_assert_int_eq(
		    errands_next(&errands, ERRANDS_FOREVER, &answer),
		    OUTCOME_FINE);
		ck_assert_uint_eq(answer.number, number);
		ck_assert_ptr_nonnull(answer.error);
		json_decref(answer.root);
	}
	lifeline_close(&line);
	expect_played();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("errands");
	TCase *tcase = tcase_create("errands");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, answers_come_in_any_order);
	tcase_add_test(tcase, what_has_no_answer_is_sent_again);
	tcase_add_test(tcase, what_must_not_be_repeated_is_not);
	tcase_add_test(tcase, but_is_after_an_end_in_good_order);
	tcase_add_test(tcase, without_patience_a_lost_link_is_the_end);
	tcase_add_test(tcase, a_server_that_stays_away_is_given_up);
	tcase_add_test(tcase, later_is_later);
	tcase_add_test(tcase, too_much_later_is_a_refusal);
	tcase_add_test(tcase, all_lose_patience_together);
	tcase_add_test(tcase, waiting_may_have_an_end);
	tcase_add_test(tcase, a_single_errand_says_how_it_ended);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
