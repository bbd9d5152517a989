/* Many jobs by gilctl submit -: each line of input has one line of output. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/client.h"
#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"

/* The line of output that answers this line of input: a new reference. */
static json_t *
answer_of(const struct run *run, int64_t line)
{
	json_t *found = NULL;

	for (const char *at = run->out; *at != '\0';
	     at += strcspn(at, "\n") + 1) {
		json_t *json = json_loadb(at, strcspn(at, "\n"), 0, NULL);

		ck_assert_msg(json != NULL, "no JSON: %s", at);
		if (int_at(json, "line") == line) {
			ck_assert_ptr_null(found);
			found = json_incref(json);
		}
		json_decref(json);
	}
	ck_assert_msg(
	    found != NULL, "line %d has no answer: %s", (int)line, run->out);
	return found;
}

START_TEST(each_line_has_its_answer)
{
	static const struct {
		int64_t line;
		const char *path;
		const char *text;
	} expected[] = {
	    {2, "result.state", "done"},
	    {4, "error.data.reason", "parse_error"},
	    {5, "error.data.reason", "no_such_pool"},
	    {6, "error.data.reason", "invalid_params"},
	    {7, "error.data.reason", "parse_error"},
	    {8, "result.state", "timed_out"},
	    {9, "error.data.reason", "line_too_long"},
	    {11, "result.pool", "threads"},
	};
	struct gild *gild = client_start_gild(NULL);
	char *input = NULL;
	size_t size;
	FILE *stream = open_memstream(&input, &size);
	struct run *run;

	ck_assert_ptr_nonnull(stream);
	fprintf(stream,
	    "\n"
	    "{\"count\":1000}\n"
	    "  \r\n"
	    "{\"count\":\n"
	    "{\"count\":1,\"pool\":\"nowhere\"}\r\n"
	    "[1000]\n"
	    "{\"count\":1,\"count\":2}\n"
	    "{\"count\":1000000000000000,\"timeout_ms\":20}\n"
	    "%5000d\n"
	    "\n"
	    "{\"count\":1,\"pool\":\"threads\"}",
	    1);
	fclose(stream);
	/* Blank lines are counted and have no answer. */
	run = run_program(
	    input, "gilctl", "submit", "-", "-p", "processes", NULL);
	expect_exit(run, 4);
	for (size_t i = 0; i < COUNT(expected); i++) {
		json_t *answer = answer_of(run, expected[i].line);

		ck_assert_str_eq(
		    text_at(answer, expected[i].path), expected[i].text);
		json_decref(answer);
	}
	ck_assert_uint_eq(count_lines(run->out), COUNT(expected));
	ck_assert_str_eq(run->err, "");
	free(input);
	gild_stop(gild);
}
END_TEST

START_TEST(a_stream_has_defaults_and_statuses)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;
	json_t *answer;

	run = run_program("{\"count\":6}\n{\"count\":6,\"workers\":2}\n",
	    "gilctl", "submit", "-p", "threads", "-w", "3", "-", NULL);
	expect_exit(run, 0);
	answer = answer_of(run, 1);
	ck_assert_str_eq(text_at(answer, "result.pool"), "threads");
	ck_assert_int_eq(int_at(answer, "result.workers"), 3);
	json_decref(answer);
	answer = answer_of(run, 2);
	ck_assert_int_eq(int_at(answer, "result.workers"), 2);
	json_decref(answer);
	run = run_program("{\"count\":1000000000000000}\n", "gilctl", "submit",
	    "--timeout", "20", "-", NULL);
	expect_exit(run, 1);
	run = run_program("", "gilctl", "submit", "-", NULL);
	expect_exit(run, 0);
	ck_assert_str_eq(run->out, "");
	gild_stop(gild);
}
END_TEST

/*
 * More in flight than the daemon takes: "busy" is tried again until all are
 * answered, each once.
 */
START_TEST(a_busy_server_gets_it_all_in_the_end)
{
	struct gild *gild = client_start_gild("max_jobs=4");
	enum { N_JOBS = 500 };
	bool seen[N_JOBS + 1] = {false};
	char *input = NULL;
	size_t size, n = 0;
	FILE *stream = open_memstream(&input, &size);
	struct run *run;

	ck_assert_ptr_nonnull(stream);
	for (int i = 1; i <= N_JOBS; i++)
		fprintf(stream, "{\"count\":%d,\"cost_ns\":1000}\n", i);
	fclose(stream);
	run = run_program(
	    input, "gilctl", "submit", "--in-flight", "100", "-", NULL);
	expect_exit(run, 0);
	for (const char *at = run->out; *at != '\0';
	     at += strcspn(at, "\n") + 1) {
		json_t *json = json_loadb(at, strcspn(at, "\n"), 0, NULL);
		int64_t line = int_at(json, "line");

		ck_assert_int_ge(line, 1);
		ck_assert_int_le(line, N_JOBS);
		ck_assert(!seen[line]);
		seen[line] = true;
		ck_assert_int_eq(int_at(json, "result.count"), line);
		json_decref(json);
		n++;
	}
	ck_assert_uint_eq(n, N_JOBS);
	free(input);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    each_line_has_its_answer,
	    a_stream_has_defaults_and_statuses,
	    a_busy_server_gets_it_all_in_the_end,
	};

	return run_suite("gilctl_stream", tests, COUNT(tests));
}
