/* Records of jobs as a table in 80 columns, and summed up in a sentence. */
#include "client/ledger.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define NOW_MS UINT64_C(1795770000000)

static struct ledger ledger;
static char *text;
static size_t size;

static void
setup(void)
{
	ledger = (struct ledger){0};
}

static void
teardown(void)
{
	ledger_free(&ledger);
	free(text);
	text = NULL;
}

static struct job_record *
add(enum job_state state, uint64_t age_s, uint64_t wall_ns)
{
	struct job_record job = {
	    .id = {1, ledger.n},
	    .is_detached = true,
	    .state = state,
	    .accepted_ms = NOW_MS - age_s * 1000,
	    .timing = {.wall_ns = wall_ns, .queue_ns = 7},
	};

	job_request_init(&job.request);
	job.request.count = 50000000;
	if (job_state_is_end(state))
		job.ended_ms = NOW_MS;
	ck_assert_int_eq(ledger_add(&ledger, &job), 0);
	return &ledger.jobs[ledger.n - 1];
}

static const char *
printed_as(enum format format, unsigned columns)
{
	struct term term = {
	    .stream = open_memstream(&text, &size), .columns = columns};
	struct table *table = ledger_make_table(&ledger, NOW_MS, columns);

	ck_assert_int_eq(table_print(table, format, &term), 0);
	table_free(table);
	fclose(term.stream);
	return text;
}

START_TEST(what_goes_without_saying_has_no_column)
{
	struct job_record *job;

	job = add(JOB_DONE, 7500, 1250000000);
	job->request.workers = 4;
	add(JOB_RUNNING, 3, 0);
	ck_assert_str_eq(printed_as(FORMAT_TEXT, 80),
	    "  job                         state    pool          count  age  "
	    "   wall\n"
	    "  0000000000000G000000000000  done     processes  50M in 4  2 h  "
	    "1.250 s\n"
	    "  0000000000000G000000000001  running  processes       50M  3 s  "
	    "      -\n");
}
END_TEST

START_TEST(a_key_has_a_column_where_there_is_room)
{
	struct job_record *job = add(JOB_DONE, 60, 1000000);

	strcpy(job->request.key, "k1");
	ck_assert_str_eq(printed_as(FORMAT_TEXT, 80),
	    "  job                         state  pool       count    age     "
	    "wall  key\n"
	    "  0000000000000G000000000000  done   processes    50M  1 min  "
	    "1.00 ms  k1\n");
}
END_TEST

START_TEST(and_stands_below_where_there_is_none)
{
	struct job_record *job = add(JOB_FAILED, 60, 1000000);

	strcpy(job->request.key, "night/2026-11-27");
	strcpy(job->reason, "worker 4711 killed by signal 9");
	job->request.priority = 9;
	ck_assert_str_eq(printed_as(FORMAT_TEXT, 80),
	    "  job                         state   pool       count    age     "
	    "wall\n"
	    "  0000000000000G000000000000  failed  processes    50M  1 min  "
	    "1.00 ms\n"
	    "    priority 9, key night/2026-11-27, worker 4711 killed by "
	    "signal 9\n");
	free(text);
	/* No terminal, no lack of room. */
	ck_assert_str_eq(printed_as(FORMAT_MARKDOWN, UINT_MAX),
	    "| job                        | state  | pool      | count | prio "
	    "|   age |    wall | key              |\n"
	    "| -------------------------- | ------ | --------- | ----: | ---: "
	    "| ----: | ------: | ---------------- |\n"
	    "| 0000000000000G000000000000 | failed | processes |   50M |    9 "
	    "| 1 min | 1.00 ms | night/2026-11-27 |\n");
}
END_TEST

START_TEST(programs_get_everything)
{
	add(JOB_TIMED_OUT, 60, 0);
	add(JOB_QUEUED, 60, 0);
	ck_assert_str_eq(printed_as(FORMAT_CSV, 80),
	    "job,state,pool,count,workers,priority,accepted_unix_ms,wall_ns,"
	    "key,profile,cost_ns,timeout_ms,start_after_ms,detached,collected,"
	    "attempts,started_unix_ms,ended_unix_ms,queue_ns,total_ns,cpu_ns,"
	    "lock_wait_ns,reason\n"
	    "0000000000000G000000000000,timed_out,processes,50000000,1,4,"
	    "1795769940000,0,,cpu,0,0,0,true,false,0,,1795770000000,7,0,0,0,"
	    "\n"
	    "0000000000000G000000000001,queued,processes,50000000,1,4,"
	    "1795769940000,,,cpu,0,0,0,true,false,0,,,,,,,\n");
}
END_TEST

static void
expect_summary(const char *expected)
{
	struct ledger_summary summary = ledger_sum_up(&ledger);
	char sentence[256];

	ledger_write_summary(&summary, sentence, sizeof(sentence));
	ck_assert_str_eq(sentence, expected);
}

START_TEST(jobs_are_summed_up)
{
	expect_summary("0 jobs.");
	add(JOB_DONE, 1, 1);
	expect_summary("1 job: 1 done; 1 waits to be collected.");
	add(JOB_RUNNING, 1, 1);
	add(JOB_TIMED_OUT, 1, 1);
	add(JOB_DONE, 1, 1)->is_collected = true;
	/* A plain job's history: nobody is to collect it. */
	add(JOB_DONE, 1, 1)->is_detached = false;
	expect_summary("5 jobs: 1 running, 3 done, 1 timed out; 2 wait to be "
		       "collected.");
}
END_TEST

START_TEST(a_ledger_grows)
{
	for (int i = 0; i < 1000; i++)
		add(JOB_DONE, 1, 1);
	ck_assert_uint_eq(ledger.jobs[999].id.low, 999);
	ck_assert_uint_eq(ledger_sum_up(&ledger).by_state[JOB_DONE], 1000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tcase = tcase_create("ledger");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_goes_without_saying_has_no_column);
	tcase_add_test(tcase, a_key_has_a_column_where_there_is_room);
	tcase_add_test(tcase, and_stands_below_where_there_is_none);
	tcase_add_test(tcase, programs_get_everything);
	tcase_add_test(tcase, jobs_are_summed_up);
	tcase_add_test(tcase, a_ledger_grows);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
