/* gilctl against a real gild: its commands, exit statuses, streams, Ctrl-C. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"
#include "tests/e2e/terminal.h"

#define ENDLESS_TEXT "1e15"

static struct gild *gild;

/* gilctl finds the daemon through its environment, as a user's would. */
static void
start(const char *option)
{
	gild =
	    option != NULL ? gild_start("-o", option, NULL) : gild_start(NULL);
	ck_assert_int_eq(setenv("GILD_SERVER", gild->address, 1), 0);
	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
}

/* --- commands --- */

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

	start(NULL);
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

	start(NULL);
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

START_TEST(runs_are_printed_as_csv)
{
	static const char header[] =
	    "run,wall_ns,cpu_ns,lock_wait_ns,total_ns,switches\n";
	const char *line;
	struct run *run;

	start(NULL);
	run = run_program(NULL, "gilctl", "submit", "--csv", "-p", "threads",
	    "-w", "2", "--repeat", "2", "20k", NULL);
	expect_exit(run, 0);
	line = run->out;
	for (unsigned i = 0; i < 6; i++) {
		unsigned long figures[5];
		char name[16];

		if (i == 0)
			ck_assert_int_eq(
			    strncmp(line, header, strlen(header)), 0);
		else
			ck_assert_int_eq(
			    sscanf(line, "%15[^,],%lu,%lu,%lu,%lu,%lu", name,
				&figures[0], &figures[1], &figures[2],
				&figures[3], &figures[4]),
			    6);
		line = strchr(line, '\n') + 1;
	}
	ck_assert_str_eq(line, "");
	gild_stop(gild);
}
END_TEST

#define PUBLISHED                                                      \
	"# N X\n1 64.9\n18 995.9\n36, 1652.4\n\n72\t1853.2 # so far\n" \
	"108 1828.9\n144 1775.0\n216 1702.2\n"

/* Without a server: gild need not run for it. */
START_TEST(published_data_are_fitted)
{
	struct run *run = run_program(PUBLISHED, "gilctl", "fit", "-", NULL);
	json_t *json;

	expect_exit(run, 0);
	expect_says(run->out, "89.9952");
	expect_says(run->out, "0.0277285");
	expect_says(run->out, "0.000104365");
	expect_says(run->out, "throughput peaks at N = 96.5 with X = 1884");
	json = one_line(
	    run_program(PUBLISHED, "gilctl", "--json", "fit", "-", NULL));
	ck_assert_int_eq(int_at(json, "points"), 7);
	ck_assert_str_eq(text_at(json, "fits.0.law"), "amdahl");
	ck_assert_str_eq(text_at(json, "fits.1.law"), "universal");
	value_at(json, "fits.1.coherency.error");
	json_decref(json);
	run = run_program(PUBLISHED, "gilctl", "fit", "--csv", "-o",
	    "/dev/stderr", "-", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "\nuniversal,89.99");
	expect_says(run->err, "<svg xmlns=");
	expect_says(run->err, "</svg>\n");
}
END_TEST

START_TEST(what_cannot_be_fitted_is_told)
{
	static const struct {
		const char *input;
		int exit_status;
		const char *words;
	} rows[] = {
	    {"1 2\nfour five\n", 2, "standard input:2: not a point"},
	    {"1 2 3\n", 2, "standard input:1: not a point"},
	    {"1 2\n2 3\n", 2, "too few points"},
	    {"1 2\n2 0\n3 4\n4 5\n", 2, "X above 0"},
	    {"1 5\n2 5\n3 5\n4 5\n", 2, "show no curve"},
	    /* Enough for one law, and the other is not dropped silently. */
	    {"1 10\n2 18\n4 30\n", 0,
		"Universal Scalability Law: too few points"},
	};
	struct run *run;

	for (size_t i = 0; i < COUNT(rows); i++) {
		run = run_program(rows[i].input, "gilctl", "fit", "-", NULL);
		expect_exit(run, rows[i].exit_status);
		expect_says(run->err, rows[i].words);
	}
	run = run_program(NULL, "gilctl", "fit", "/nowhere/at/all", NULL);
	expect_exit(run, 2);
	expect_says(run->err, "/nowhere/at/all: No such file");
	run = run_program(
	    PUBLISHED, "gilctl", "fit", "-o", "/nowhere/x.svg", "-", NULL);
	expect_exit(run, 1);
	expect_says(run->err, "/nowhere/x.svg: No such file");
}
END_TEST

START_TEST(a_job_has_a_profile)
{
	struct run *run;
	json_t *json;

	start(NULL);
	json = one_line(run_program(NULL, "gilctl", "--json", "submit", "-p",
	    "threads", "--profile", "io", "--io-every", "10", "--io-for",
	    "1000", "30", NULL));
	ck_assert_str_eq(text_at(json, "profile"), "io");
	ck_assert_int_eq(int_at(json, "tasks.0.io_operations"), 3);
	json_decref(json);
	run =
	    run_program(NULL, "gilctl", "submit", "-p", "threads", "--profile",
		"io", "--io-every", "10", "--io-for", "1000", "30", NULL);
	expect_exit(run, 0);
	expect_says(run->out, ",\n  asleep for 1.00 ms after every 10 turns");
	expect_says(run->out, "Of 3 io operations of 1.00 ms half took ");
	run = run_program(NULL, "gilctl", "submit", "-p", "threads",
	    "--profile", "native", "30", NULL);
	expect_exit(run, 0);
	expect_says(run->out, ", without the lock");
	run = run_program("{\"count\":5}\n{\"count\":6}\n", "gilctl", "submit",
	    "--profile", "native", "-p", "threads", "-", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "\"profile\":\"native\"");
	gild_stop(gild);
}
END_TEST

/* Who waited is told for whom: a job of its own name, or a task of its own. */
START_TEST(waits_are_told_of)
{
	char job[JOB_ID_CHARS + 1], text[80];
	bool is_told = false;
	struct peer *peer;
	struct run *run;
	int64_t id;

	start("pool.threads.policy=hold");
	peer = peer_connect(gild);
	id = peer_submit_running(peer, job, "threads", ENDLESS, 1);
	snprintf(text, sizeof(text), "for %s task 0.", job);
	/* Until a task comes to the lock before its time is over. */
	for (int timeout_ms = 100; !is_told; timeout_ms *= 2) {
		char timeout[16];

		snprintf(timeout, sizeof(timeout), "%d", timeout_ms);
		run = run_program(NULL, "gilctl", "submit", "-p", "threads",
		    "--timeout", timeout, "5", NULL);
		expect_exit(run, 1);
		is_told = strstr(run->out, text) != NULL;
	}
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(peer_await(peer, id));
	run = run_program(NULL, "gilctl", "stats", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "contended");
	expect_says(run->out, "for thread");
	gild_stop(gild);
}
END_TEST

START_TEST(the_address_may_be_given)
{
	json_t *json;

	start(NULL);
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

START_TEST(a_job_is_submitted)
{
	struct run *run;
	json_t *json;

	start(NULL);
	run = run_program(NULL, "gilctl", "submit", "-p", "threads", "-w", "2",
	    "--cost", "5", "20_000", NULL);
	expect_exit(run, 0);
	expect_says(run->out,
	    "done: countdown from 20,000 in 2 parts, pool "
	    "threads, 5 ns a turn\n");
	expect_says(run->out, "\n   all ");
	expect_says(run->out, "The lock changed hands ");
	json = one_line(run_program(NULL, "gilctl", "submit", "--json", "-p",
	    "threads", "-w", "2", "--cost", "5", "2e4", NULL));
	ck_assert_str_eq(text_at(json, "state"), "done");
	ck_assert_str_eq(text_at(json, "pool"), "threads");
	ck_assert_int_eq(int_at(json, "cost_ns"), 5);
	ck_assert_int_eq(
	    sum_of(json_object_get(json, "tasks"), "turns"), 20000);
	json_decref(json);
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_is_repeated)
{
	struct run *run;
	size_t lines = 0;

	start(NULL);
	run =
	    run_program(NULL, "gilctl", "submit", "--repeat", "3", "1k", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "\n       3 ");
	expect_says(run->out, "\n  median ");
	run = run_program(
	    NULL, "gilctl", "--json", "submit", "--repeat", "3", "1k", NULL);
	expect_exit(run, 0);
	for (const char *at = run->out; *at != '\0'; at++)
		lines += *at == '\n';
	ck_assert_uint_eq(lines, 3);
	gild_stop(gild);
}
END_TEST

START_TEST(a_comparison_is_made)
{
	static const char *const names[] = {
	    "sequential", "threads", "processes"};
	struct run *run;
	json_t *json;

	start(NULL);
	json =
	    one_line(run_program(NULL, "gilctl", "--json", "compare", "-w", "3",
		"--cost", "10", "--rounds", "2", "--seed", "42", "200k", NULL));
	ck_assert_int_eq(int_at(json, "count"), 200000);
	ck_assert_int_eq(int_at(json, "workers"), 3);
	ck_assert_int_eq(int_at(json, "cost_ns"), 10);
	ck_assert_int_eq(int_at(json, "rounds"), 2);
	ck_assert_int_eq(int_at(json, "seed"), 42);
	ck_assert(json_is_real(value_at(json, "noise_floor")));
	ck_assert_uint_eq(json_array_size(value_at(json, "rows")), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *row = json_array_get(value_at(json, "rows"), i);

		ck_assert_str_eq(text_at(row, "name"), names[i]);
		ck_assert_int_eq(int_at(row, "workers"), i == 0 ? 1 : 3);
		ck_assert_int_gt(int_at(row, "wall_ns.min"), 0);
		ck_assert_int_ge(
		    int_at(row, "wall_ns.median"), int_at(row, "wall_ns.min"));
		ck_assert_int_ge(
		    int_at(row, "wall_ns.max"), int_at(row, "wall_ns.median"));
		ck_assert_int_gt(int_at(row, "cpu_ns"), 0);
		ck_assert(json_is_real(value_at(row, "speedup")));
	}
	ck_assert_int_gt(int_at(json, "rows.1.lock_wait_ns"), 0);
	ck_assert_int_eq(int_at(json, "rows.2.lock_wait_ns"), 0);
	json_decref(json);
	run = run_program(
	    NULL, "gilctl", "compare", "--rounds", "1", "100k", NULL);
	expect_exit(run, 0);
	expect_says(run->out,
	    "Countdown from 100,000 in 2 parts, 15 ns a turn\n"
	    "gild ");
	expect_says(run->out, ", 1 round, interleaved\n\n");
	expect_says(run->out, "\n  threads, one lock  ");
	expect_says(run->out, "wo processes");
	expect_says(run->out, "(Noise: the same job twice differs by ");
	ck_assert_str_eq(run->err, "");
	/* It fits in 80 columns; the locale C has no blocks. */
	for (const char *line = run->out; *line != '\0';
	     line += strcspn(line, "\n") + 1)
		ck_assert_uint_lt(strcspn(line, "\n"), 80);
	gild_stop(gild);
}
END_TEST

START_TEST(a_pool_is_set)
{
	struct run *run;
	json_t *json;

	start(NULL);
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

/* People have a line a pool; all of it is there where it is asked for. */
START_TEST(stats_are_short_unless_all_are_wanted)
{
	static const char *const all[] = {"--all", "--csv"};
	struct run *run;

	start(NULL);
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

START_TEST(another_ones_job_is_cancelled)
{
	struct peer *peer;
	struct run *run;
	json_t *result;
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	start(NULL);
	peer = peer_connect(gild);
	id = peer_submit_running(peer, job, "processes", ENDLESS, 1);
	run = run_program(NULL, "gilctl", "cancel", job, NULL);
	expect_exit(run, 0);
	expect_says(run->out, " is cancelled\n");
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	json_decref(result);
	/* It is gone now. */
	run = run_program(NULL, "gilctl", "cancel", job, NULL);
	expect_exit(run, 4);
	expect_says(run->err, "gilctl: cancel: the server refused: ");
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
	struct run *run;

	start(NULL);
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

START_TEST(a_job_that_is_not_done_is_1)
{
	struct run *run;

	start(NULL);
	run = run_program(
	    NULL, "gilctl", "submit", "--timeout", "20", ENDLESS_TEXT, NULL);
	expect_exit(run, 1);
	expect_says(run->out, "timed out: countdown from ");
	run = run_program(NULL, "gilctl", "--json", "submit", "--timeout", "20",
	    ENDLESS_TEXT, NULL);
	expect_exit(run, 1);
	expect_says(run->out, "\"state\":\"timed_out\"");
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

/* --- streams --- */

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
	char *input = NULL;
	size_t size, n_lines = 0;
	FILE *stream = open_memstream(&input, &size);
	struct run *run;

	ck_assert_ptr_nonnull(stream);
	start(NULL);
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
	for (const char *at = run->out; *at != '\0'; at++)
		n_lines += *at == '\n';
	ck_assert_uint_eq(n_lines, COUNT(expected));
	ck_assert_str_eq(run->err, "");
	free(input);
	gild_stop(gild);
}
END_TEST

START_TEST(a_stream_has_defaults_and_statuses)
{
	struct run *run;
	json_t *answer;

	start(NULL);
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
	start("max_jobs=4");
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

/* --- ends --- */

static bool
one_is_running(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "jobs.running") == 1;
}

static bool
one_is_cancelled(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "jobs.cancelled") == 1 &&
	    int_at(stats, "jobs.running") == 0;
}

/* gilctl submit of an endless job, or -; *in is its stdin, *out what it prints.
 */
static pid_t
start_endless(bool is_stream, int *in, int *out)
{
	const char *argv[] = {
	    "gilctl", "submit", is_stream ? "-" : ENDLESS_TEXT, NULL};
	const char *line = "{\"count\":1000000000000000}\n";
	int in_fds[2], out_fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(in_fds, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out_fds, O_CLOEXEC), 0);
	pid = process_spawn(argv, in_fds[0], out_fds[1], 2);
	close(in_fds[0]);
	close(out_fds[1]);
	*in = in_fds[1];
	*out = out_fds[0];
	if (is_stream)
		ck_assert_int_eq(
		    write(*in, line, strlen(line)), (ssize_t)strlen(line));
	gild_await_stats(gild, "the job runs", one_is_running, NULL);
	return pid;
}

static int
reap(pid_t pid)
{
	int status;

	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	return status;
}

static const struct {
	int signal;
	bool is_stream;
} interruptions[] = {{SIGINT, false}, {SIGTERM, false}, {SIGHUP, true},
    {SIGINT, true}, {SIGKILL, false}, {SIGKILL, true}};

START_TEST(who_is_interrupted_leaves_no_job)
{
	for (size_t i = 0; i < COUNT(interruptions); i++) {
		int in, out, status;
		pid_t pid;

		start(NULL);
		pid = start_endless(interruptions[i].is_stream, &in, &out);
		ck_assert_int_eq(kill(pid, interruptions[i].signal), 0);
		status = reap(pid);
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), interruptions[i].signal);
		gild_await_stats(
		    gild, "it is cancelled", one_is_cancelled, NULL);
		close(in);
		close(out);
		gild_stop(gild);
	}
}
END_TEST

START_TEST(a_reader_that_leaves_ends_a_stream_quietly)
{
	int in, out, status;
	pid_t pid;

	start(NULL);
	pid = start_endless(true, &in, &out);
	/* Nothing is to be written yet; it notices all the same. */
	close(out);
	status = reap(pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGPIPE);
	gild_await_stats(gild, "it is cancelled", one_is_cancelled, NULL);
	close(in);
	gild_stop(gild);
}
END_TEST

/* What gilctl submit says on standard error when its server is killed. */
static void
lose_server(bool is_stream, char *said, size_t size)
{
	int in, out, err[2], status, saved = dup(2);
	ssize_t got;
	pid_t pid;

	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	ck_assert_int_eq(dup2(err[1], 2), 2);
	pid = start_endless(is_stream, &in, &out);
	ck_assert_int_eq(dup2(saved, 2), 2);
	close(saved);
	close(err[1]);
	gild_signal(gild, SIGKILL);
	status = reap(pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	got = read(err[0], said, size - 1);
	ck_assert_int_gt(got, 0);
	said[got] = '\0';
	close(err[0]);
	close(in);
	close(out);
	gild_wait_exit(gild);
}

START_TEST(a_server_that_dies_is_3)
{
	char said[512];

	start(NULL);
	lose_server(false, said, sizeof(said));
	expect_says(said, "gilctl: submit: lost the connection to ");
	start(NULL);
	lose_server(true, said, sizeof(said));
	expect_says(said, "1 line had no answer, the first of them line 1\n");
	expect_says(said, "gilctl: submit: lost the connection to ");
}
END_TEST

START_TEST(a_terminal_shows_a_bar_and_forgets_it)
{
	static struct terminal terminal;
	const char *argv[] = {"gilctl", "submit", ENDLESS_TEXT, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status;
	pid_t pid;

	ck_assert_int_ne(null, -1);
	terminal_open(&terminal, 80);
	start(NULL);
	pid = process_spawn(argv, null, null, terminal.line);
	terminal_await(&terminal, "\r  running .....");
	terminal_await(&terminal, " turns, about ");
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	status = reap(pid);
	ck_assert(WIFSIGNALED(status));
	terminal_forget(&terminal);
	terminal_await(&terminal, "\r\033[K");
	/* NO_COLOR holds: nothing but erasing. */
	ck_assert_ptr_null(strstr(terminal.shown, "\033[3"));
	terminal_close(&terminal);
	close(null);
	gild_await_stats(gild, "it is cancelled", one_is_cancelled, NULL);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    each_command_speaks_json_and_plainly,
	    tables_are_printed_as_csv_and_markdown,
	    runs_are_printed_as_csv,
	    published_data_are_fitted,
	    what_cannot_be_fitted_is_told,
	    a_job_has_a_profile,
	    waits_are_told_of,
	    the_address_may_be_given,
	    a_job_is_submitted,
	    a_job_is_repeated,
	    a_comparison_is_made,
	    a_pool_is_set,
	    stats_are_short_unless_all_are_wanted,
	    another_ones_job_is_cancelled,
	    a_wrong_command_line_is_2,
	    no_server_is_3,
	    a_refusal_is_4_and_says_why,
	    a_job_that_is_not_done_is_1,
	    help_and_version_are_0,
	    each_line_has_its_answer,
	    a_stream_has_defaults_and_statuses,
	    a_busy_server_gets_it_all_in_the_end,
	    who_is_interrupted_leaves_no_job,
	    a_reader_that_leaves_ends_a_stream_quietly,
	    a_server_that_dies_is_3,
	    a_terminal_shows_a_bar_and_forgets_it,
	};

	return run_suite("gilctl", tests, COUNT(tests));
}
