/*
 * gilctl against a real gild: what its commands have in common, their formats,
 * the server's address and the exit statuses.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/client.h"
#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"

START_TEST(each_command_speaks_json_and_plainly)
{
	static const struct {
		const char *command;
		const char *path; /* in the JSON */
		const char *words;
	} commands[] = {
	    {"info", "calibration.turn_ps", "listening on"},
	    {"stats", "connections.accepted", "frontend"},
	    {"pools", "pools.0.name", "interval 5 ms, forced"},
	    {"ping", "round_trip_ns.median", "answered 5 pings: min "},
	};
	struct gild *gild = client_start_gild(NULL);

	for (size_t i = 0; i < COUNT(commands); i++) {
		const char *command = commands[i].command;
		struct run *run;
		json_t *json = one_line(
		    run_program(NULL, "gilctl", "--json", command, NULL));

		value_at(json, commands[i].path);
		json_decref(json);
		/* The option may stand behind the command too. */
		json = one_line(
		    run_program(NULL, "gilctl", command, "--json", NULL));
		value_at(json, commands[i].path);
		json_decref(json);
		run = run_program(NULL, "gilctl", command, NULL);
		expect_exit(run, 0);
		expect_says(run->out, commands[i].words);
		/* No colours where there is no terminal. */
		ck_assert_ptr_null(strchr(run->out, '\033'));
		ck_assert_str_eq(run->err, "");
	}
	gild_stop(gild);
}
END_TEST

/* The first line of what each command prints, which is the whole for one. */
START_TEST(tables_are_printed_as_csv_and_markdown)
{
	static const struct {
		const char *command;
		const char *csv;
		const char *markdown;
	} commands[] = {
	    {"info", "server,value\nversion,", "| version "},
	    {"stats",
		"jobs,queued,running,done,failed,cancelled,timed_out\n"
		"threads,0,0,0,0,0,0\n",
		"| jobs      | queued | running |"},
	    {"pools", "pool,kind,size,affinity,policy,locks,interval_us,force,",
		"| pool      | kind      | size | affinity | lock "},
	    {"ping", "server,count,median_ns,min_ns,max_ns\n", "| pings |"},
	};
	struct gild *gild = client_start_gild(NULL);

	for (size_t i = 0; i < COUNT(commands); i++) {
		struct run *run = run_program(
		    NULL, "gilctl", "--csv", commands[i].command, NULL);

		expect_exit(run, 0);
		ck_assert_msg(strncmp(run->out, commands[i].csv,
				  strlen(commands[i].csv)) == 0,
		    "%s", run->out);
		/* Of several formats the last one holds. */
		run = run_program(NULL, "gilctl", "--json", commands[i].command,
		    "--markdown", NULL);
		expect_exit(run, 0);
		expect_says(run->out, commands[i].markdown);
	}
	gild_stop(gild);
}
END_TEST

/* People have a line a pool; all of it is there where it is asked for. */
START_TEST(stats_are_short_unless_all_are_wanted)
{
	static const char *const all[] = {"--all", "--csv"};
	struct gild *gild = client_start_gild(NULL);
	struct run *run;

	expect_exit(run_program(NULL, "gilctl", "submit", "-p", "threads", "-w",
			"2", "20k", NULL),
	    0);
	run = run_program(NULL, "gilctl", "stats", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "executors  idle  busy  away  restarts");
	expect_says(run->out, "acquisitions");
	ck_assert_ptr_null(strstr(run->out, "interpreter"));
	ck_assert_ptr_null(strstr(run->out, "  native "));
	for (size_t i = 0; i < COUNT(all); i++) {
		run = run_program(NULL, "gilctl", "stats", all[i], NULL);
		expect_exit(run, 0);
		expect_says(run->out, "interpreter");
		expect_says(run->out, "native");
		ck_assert_ptr_null(strstr(run->out, "away"));
	}
	gild_stop(gild);
}
END_TEST

START_TEST(a_pool_is_set)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;
	json_t *json;

	run = run_program(
	    NULL, "gilctl", "set", "threads", "interval_us=700", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "interval 700 us, forced");
	json = one_line(run_program(NULL, "gilctl", "--json", "set", "threads",
	    "interval_us=1k", NULL));
	ck_assert_int_eq(int_at(json, "lock.interval_us"), 1000);
	json_decref(json);
	expect_says(run_program(NULL, "gilctl", "pools", NULL)->out,
	    "interval 1 ms, forced");
	json = one_line(run_program(NULL, "gilctl", "--json", "set", "threads",
	    "interval_us=0.25ms", NULL));
	ck_assert_int_eq(int_at(json, "lock.interval_us"), 250);
	json_decref(json);
	run = run_program(
	    NULL, "gilctl", "set", "threads", "policy=ruby", "events=on", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "fair, 100 ms, timer 10 ms, events on");
	gild_stop(gild);
}
END_TEST

START_TEST(the_address_may_be_given)
{
	struct gild *gild = client_start_gild(NULL);
	json_t *json;

	ck_assert_int_eq(setenv("GILD_SERVER", "127.0.0.1:1", 1), 0);
	expect_exit(run_program(NULL, "gilctl", "ping", NULL), 3);
	json = one_line(run_program(NULL, "gilctl", "-s", gild->address,
	    "--json", "ping", "-n", "2", NULL));
	ck_assert_int_eq(int_at(json, "count"), 2);
	json_decref(json);
	json = one_line(run_program(
	    NULL, "gilctl", "ping", "--json", "--server", gild->address, NULL));
	json_decref(json);
	gild_stop(gild);
}
END_TEST

/* --- exit statuses --- */

START_TEST(a_wrong_command_line_is_2)
{
	static const struct {
		const char *args[4];
		const char *error;
	} wrong[] = {
	    {{NULL}, "gilctl: no command given"},
	    {{"frobnicate"}, "gilctl: unknown command \"frobnicate\"; see"},
	    {{"stat"}, "gilctl: unknown command \"stat\": did you mean stats?"},
	    {{"-s", "127.0.0.1:65536", "ping"},
		"\"127.0.0.1:65536\" is no address: a port is from 1 to 65535"},
	    {{"--frob", "ping"}, "gilctl: unknown option --frob; see"},
	    {{"ping", "-x"}, "gilctl: ping: unknown option -x; see"},
	    {{"ping", "-n"}, "gilctl: ping: --count needs a value"},
	    {{"ping", "-n", "0"}, "--count: \"0\" is too small: at least 1"},
	    {{"ping", "--json=1"}, "--json takes no value"},
	    {{"ping", "pong"}, "\"pong\" is one operand too many"},
	    {{"submit"}, "gilctl: submit: COUNT|- missing"},
	    {{"submit", "5X"}, "write 50000000, 50_000_000, 50M or 5e7"},
	    {{"submit", "-p", "Threads", "5"}, "is no pool's name"},
	    {{"submit", "--repeat", "2", "-"}, "--repeat does not go with -"},
	    {{"compare", "-w", "1"}, "at least 2"},
	    {{"compare", "1"}, "COUNT: \"1\" is too small: at least 2"},
	    {{"submit", "--profile", "gpu", "5"}, "write cpu, native or io"},
	    {{"submit", "--profile", "io", "5"}, "needs --io-every"},
	    {{"submit", "--io-for", "5", "5"}, "go with --profile io"},
	    {{"set", "threads", "interval_us"}, "write NAME=VALUE"},
	    {{"set", "threads", "interval_us=5x"}, "interval_us: \"5x\" is"},
	    {{"sweep", "-w", "1..2", "-oa.png"}, "is SVG: name it FILE.svg"},
	    {{"convoy", "-o", "a.png"}, "is SVG: name it FILE.svg"},
	    {{"fit", "-o", "svg", "-"}, "is SVG: name it FILE.svg"},
	    {{"trace", "-o-", "--run", "5"}, "name a pool with -p"},
	    {{"trace", "-o-", "4711"}, "JOB: \"4711\" is no job's id"},
	    {{"-s", "nowhere", "ping"}, "\"nowhere\" is no address: write"},
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *const *args = wrong[i].args;
		struct run *run = run_program(NULL, "gilctl", args[0],
		    args[0] != NULL ? args[1] : NULL, args[2], args[3], NULL);

		expect_exit(run, 2);
		expect_says(run->err, wrong[i].error);
		ck_assert_str_eq(run->out, "");
	}
}
END_TEST

START_TEST(no_server_is_3)
{
	struct run *run = run_program(
	    NULL, "gilctl", "-s", "127.0.0.1:1", "submit", "5", NULL);

	expect_exit(run, 3);
	ck_assert_str_eq(run->err,
	    "gilctl: submit: cannot connect to 127.0.0.1:1: Connection "
	    "refused (is gild running? start it with \"gild\", or name "
	    "another with -s)\n");
}
END_TEST

START_TEST(a_refusal_is_4_and_says_why)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;

	run = run_program(NULL, "gilctl", "submit", "-p", "nowhere", "5", NULL);
	expect_exit(run, 4);
	expect_says(run->err, "gilctl: submit: the server refused: ");
	expect_says(run->err, "nowhere");
	run = run_program(
	    NULL, "gilctl", "set", "threads", "interval_us=0", NULL);
	expect_exit(run, 4);
	expect_says(run->err, "interval_us");
	gild_stop(gild);
}
END_TEST

START_TEST(help_and_version_are_0)
{
	struct run *run = run_program(NULL, "gilctl", "--help", NULL);

	expect_exit(run, 0);
	expect_says(run->out, "usage: gilctl ");
	run = run_program(NULL, "gilctl", "submit", "5X", "-h", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "usage: gilctl submit ");
	run = run_program(NULL, "gilctl", "-V", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "gilctl 0.");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    each_command_speaks_json_and_plainly,
	    tables_are_printed_as_csv_and_markdown,
	    stats_are_short_unless_all_are_wanted,
	    a_pool_is_set,
	    the_address_may_be_given,
	    a_wrong_command_line_is_2,
	    no_server_is_3,
	    a_refusal_is_4_and_says_why,
	    help_and_version_are_0,
	};

	return run_suite("gilctl", tests, COUNT(tests));
}
