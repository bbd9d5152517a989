/*
 * The log: what a line looks like, that nothing forges one, and that nothing
 * that goes wrong with standard error reaches a caller; the journal is
 * test_journal.c's. Each test runs in a process of its own, so it may do to its
 * descriptor 2 what it likes.
 */
#include "daemon/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "daemon/repeats.h"
#include "tests/unit/suite.h"

static int out_fd; /* what the log wrote can be read here */

/* Standard error becomes a pipe. */
static void
setup(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
	out_fd = fds[0];
	unsetenv("JOURNAL_STREAM"); /* whoever runs the tests */
	log_open("worker 3");
}

/* All that was logged; standard error is closed by that. */
static char *
read_log(void)
{
	static char text[1 << 16];
	size_t length = 0;
	ssize_t n;

	close(STDERR_FILENO);
	while ((n = read(out_fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	ck_assert_int_eq(n, 0);
	text[length] = '\0';
	return text;
}

/* From the process's name on. */
static const char *
message_of(const char *line)
{
	const char *message = strstr(line, "] ");

	ck_assert_ptr_nonnull(message);
	return message + 2;
}

START_TEST(a_line_has_time_process_and_message)
{
	char pattern[200];
	regex_t regex;

	log_info("answer %d", 42);
	snprintf(pattern, sizeof(pattern),
	    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}"
	    "Z "
	    "gild\\[%ld\\] worker 3: answer 42\n$",
	    (long)getpid());
	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED), 0);
	ck_assert_int_eq(regexec(&regex, read_log(), 0, NULL, 0), 0);
	regfree(&regex);
}
END_TEST

START_TEST(the_time_is_utc)
{
	struct timespec before, after;
	struct tm utc = {.tm_isdst = 0};
	int64_t before_ms, line_ms, after_ms;
	int ms;

	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	clock_gettime(CLOCK_REALTIME, &before);
	log_info("now");
	clock_gettime(CLOCK_REALTIME, &after);
	ck_assert_int_eq(sscanf(read_log(), "%d-%d-%dT%d:%d:%d.%dZ",
			     &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
			     &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms),
	    7);
	utc.tm_year -= 1900;
	utc.tm_mon -= 1;
	line_ms = (int64_t)timegm(&utc) * 1000 + ms;
	before_ms = (int64_t)before.tv_sec * 1000 + before.tv_nsec / 1000000;
	after_ms = (int64_t)after.tv_sec * 1000 + after.tv_nsec / 1000000;
	ck_assert_int_le(before_ms, line_ms);
	ck_assert_int_le(line_ms, after_ms);
}
END_TEST

START_TEST(without_a_name_there_is_none)
{
	log_open("");
	log_info("x");
	ck_assert_ptr_nonnull(strstr(read_log(), "]: x\n"));
}
END_TEST

START_TEST(levels_are_shown_as_set)
{
	log_warn("w1");
	log_info("i1");
	log_debug("d1");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d2");
	log_set_level(LOG_LEVEL_WARN);
	log_info("i3");
	log_debug("d3");
	log_warn("w3");
	log_error("e4");
	char *line = read_log();
	static const char *const expected[] = {"worker 3: warning: w1",
	    "worker 3: i1", "worker 3: debug: d2", "worker 3: warning: w3",
	    "worker 3: error: e4"};

	for (size_t i = 0; i < COUNT(expected); i++) {
		char *end = strchr(line, '\n');

		ck_assert_ptr_nonnull(end);
		*end = '\0';
		ck_assert_str_eq(message_of(line), expected[i]);
		line = end + 1;
	}
	ck_assert_str_eq(line, "");
}
END_TEST

START_TEST(bytes_that_are_not_printable_are_escaped)
{
	log_open("a\nb");
	log_info("%s", "1\n2\r3\t4\x1b[5\x7f\xc3\xa4 \\ ~");
	ck_assert_str_eq(message_of(read_log()),
	    "a\\x0ab: 1\\x0a2\\x0d3\\x094\\x1b[5\\x7f\\xc3\\xa4 \\ ~\n");
}
END_TEST

static void
check_one_cut_line(const char *text)
{
	size_t length = strlen(text);

	ck_assert_uint_le(length, PIPE_BUF);
	ck_assert_ptr_eq(strchr(text, '\n'), text + length - 1);
	ck_assert_str_eq(text + length - 4, "...\n");
}

START_TEST(a_long_message_is_cut)
{
	char *message = malloc(100001);

	memset(message, 'a', 100000);
	message[100000] = '\0';
	log_info("%s", message);
	free(message);
	char *text = read_log();
	check_one_cut_line(text);
	ck_assert_uint_gt(strlen(text), 1000);
}
END_TEST

START_TEST(a_message_long_once_it_is_escaped_is_cut)
{
	char message[1500];

	memset(message, '\n', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_info("%s", message);
	char *text = read_log();
	check_one_cut_line(text);
	ck_assert_uint_gt(strlen(text), PIPE_BUF - 10);
	ck_assert_str_eq(text + strlen(text) - 8, "\\x0a...\n");
}
END_TEST

START_TEST(the_longest_message_that_fits_is_not_cut)
{
	char message[2048];

	memset(message, 'a', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_info("%s", message);
	const char *text = read_log();
	ck_assert_str_eq(text + strlen(text) - 5, "aaaa\n");
}
END_TEST

START_TEST(errno_stays)
{
	errno = ERANGE;
	log_warn("x");
	ck_assert_int_eq(errno, ERANGE);
	close(STDERR_FILENO);
	errno = ENOENT;
	log_info("x");
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(nobody_who_reads_is_no_error)
{
	signal(SIGPIPE, SIG_IGN);
	close(out_fd);
	log_warn("x");
	log_info("x");
}
END_TEST

START_TEST(a_pipe_that_is_full_and_does_not_block_is_no_error)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL);
	char chunk[4096];

	ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK), 0);
	memset(chunk, '.', sizeof(chunk));
	while (write(STDERR_FILENO, chunk, sizeof(chunk)) > 0)
		continue;
	log_warn("x");
}
END_TEST

static int alarm_fd;

static void
tell_alarm(int number)
{
	int saved_errno = errno;

	(void)number;
	if (write(alarm_fd, "!", 1) < 0)
		_exit(3);
	errno = saved_errno;
}

/* The reader waits until a signal has found the writer in its write(). */
START_TEST(a_signal_does_not_lose_a_line)
{
	struct sigaction action = {.sa_handler = tell_alarm};
	struct itimerval timer = {
	    .it_interval.tv_usec = 20000, .it_value.tv_usec = 20000};
	int fds[2], status, size = fcntl(STDERR_FILENO, F_GETPIPE_SZ);
	char *rest = malloc((size_t)size + PIPE_BUF), byte;
	size_t length = 0;
	ssize_t n;

	ck_assert_int_eq(pipe(fds), 0);
	memset(rest, '.', (size_t)size);
	ck_assert_int_eq(write(STDERR_FILENO, rest, (size_t)size), size);
	pid_t child = fork();
	if (child == 0) {
		alarm_fd = fds[1];
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &timer, NULL);
		log_warn("not lost");
		_exit(0);
	}
	close(STDERR_FILENO);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	while ((n = read(out_fd, rest + length,
		    (size_t)size + PIPE_BUF - 1 - length)) > 0)
		length += (size_t)n;
	rest[length] = '\0';
	ck_assert_str_eq(rest + length - 10, " not lost\n");
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	free(rest);
}
END_TEST

#define WRITERS 4
#define LINES 40

static void
write_lines(char letter)
{
	char name[16], message[300];

	snprintf(name, sizeof(name), "writer %c", letter);
	log_open(name);
	memset(message, letter, sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_set_level(LOG_LEVEL_DEBUG);
	for (int i = 0; i < LINES; i++)
		log_debug("%s", message); /* as often as it is said */
	_exit(0);
}

START_TEST(lines_of_several_processes_do_not_mix)
{
	int n_lines = 0;
	char *rest;

	for (int i = 0; i < WRITERS; i++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0)
			write_lines((char)('a' + i));
	}
	for (char *line = strtok_r(read_log(), "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *message = message_of(line);
		char letter = message[7];

		ck_assert_int_eq(strncmp(message, "writer ", 7), 0);
		ck_assert_int_eq(strncmp(message + 8, ": debug: ", 9), 0);
		ck_assert_uint_eq(strlen(message + 17), 299);
		for (const char *c = message + 17; *c != '\0'; c++)
			ck_assert_int_eq(*c, letter);
		n_lines++;
	}
	ck_assert_int_eq(n_lines, WRITERS * LINES);
	for (int i = 0; i < WRITERS; i++)
		ck_assert_int_gt(wait(NULL), 0);
}
END_TEST

/* Output that the parent has buffered is not the child's to write. */
START_TEST(fatal_says_why_and_leaves_with_1)
{
	int fds[2], status;
	char text[16];
	pid_t child;

	ck_assert_int_eq(pipe(fds), 0);
	FILE *out = fdopen(fds[1], "w");
	fputs("once", out);
	child = fork();
	if (child == 0) {
		log_set_level(LOG_LEVEL_WARN);
		fatal("no %s", "more");
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	fclose(out);
	ck_assert_int_eq(read(fds[0], text, sizeof(text)), 4);
	ck_assert_str_eq(message_of(read_log()), "worker 3: fatal: no more\n");
}
END_TEST

/* --- json --- */

/* The one object that was logged; strict, so that nothing is in it twice. */
static json_t *
read_object(void)
{
	const char *text = read_log();
	json_error_t error;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	ck_assert_msg(object != NULL, "%s: %s", error.text, text);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	ck_assert_uint_le(strlen(text), PIPE_BUF);
	for (const char *c = text; c[1] != '\0'; c++)
		ck_assert(*c >= ' ' && *c <= '~');
	return object;
}

static const char *
string_at(const json_t *object, const char *name)
{
	const char *string = json_string_value(json_object_get(object, name));

	ck_assert_msg(string != NULL, "no %s", name);
	return string;
}

START_TEST(json_has_what_a_line_has)
{
	json_t *object;
	regex_t regex;

	log_set_format(LOG_JSON, JOURNAL_SOCKET);
	log_warn("answer %d", 42);
	object = read_object();
	ck_assert_uint_eq(json_object_size(object), 5);
	ck_assert_int_eq(
	    regcomp(&regex,
		"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\."
		"[0-9]{3}Z$",
		REG_EXTENDED),
	    0);
	ck_assert_int_eq(
	    regexec(&regex, string_at(object, "time"), 0, NULL, 0), 0);
	regfree(&regex);
	ck_assert_str_eq(string_at(object, "level"), "warning");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(object, "pid")), getpid());
	ck_assert_str_eq(string_at(object, "process"), "worker 3");
	ck_assert_str_eq(string_at(object, "message"), "answer 42");
	json_decref(object);
}
END_TEST

START_TEST(json_has_the_fields)
{
	struct log_fields fields = {
	    .job = "01KAV5W3M8Q6Z7N2R4T9Y0XBCD", .pool = "threads", .pid = 47};
	json_t *object;

	log_open("");
	log_set_format(LOG_JSON, JOURNAL_SOCKET);
	log_event(LOG_LEVEL_INFO, &fields, "x");
	object = read_object();
	ck_assert_uint_eq(json_object_size(object), 7);
	ck_assert_str_eq(string_at(object, "level"), "info");
	ck_assert_str_eq(string_at(object, "job"), fields.job);
	ck_assert_str_eq(string_at(object, "pool"), fields.pool);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(object, "child")), 47);
	json_decref(object);
}
END_TEST

START_TEST(json_says_the_level)
{
	static const char *const names[] = {
	    "error", "warning", "info", "debug"};
	char *line, *rest;
	size_t n = 0;

	log_set_format(LOG_JSON, JOURNAL_SOCKET);
	log_set_level(LOG_LEVEL_DEBUG);
	log_error("x");
	log_warn("x");
	log_info("x");
	log_debug("x");
	for (line = strtok_r(read_log(), "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		json_t *object = json_loads(line, 0, NULL);

		ck_assert_str_eq(string_at(object, "level"), names[n++]);
		json_decref(object);
	}
	ck_assert_uint_eq(n, COUNT(names));
}
END_TEST

START_TEST(nobody_forges_json)
{
	struct log_fields fields = {
	    .job = "a\",\"pid\":1,\"b\":\"", .pool = "\\"};
	json_t *object;

	log_open("\"\n");
	log_set_format(LOG_JSON, JOURNAL_SOCKET);
	log_event(LOG_LEVEL_INFO, &fields, "%s",
	    "\"}\n{\"level\":\"error\",\xc3\xa4\\\x7f\\u0041");
	object = read_object();
	ck_assert_str_eq(string_at(object, "process"), "\"\\x0a");
	ck_assert_str_eq(string_at(object, "job"), fields.job);
	ck_assert_str_eq(string_at(object, "pool"), "\\");
	/* The same text as in a line of text. */
	ck_assert_str_eq(string_at(object, "message"),
	    "\"}\\x0a{\"level\":\"error\",\\xc3\\xa4\\\\x7f\\u0041");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(object, "pid")), getpid());
	json_decref(object);
}
END_TEST

static const struct {
	char filling;
	size_t length;
} fillings[] = {{'a', 100000}, {'\n', 2047}, {'"', 2047}, {'\\', 2046}};

START_TEST(json_that_is_cut_is_json)
{
	char *message = calloc(1, fillings[_i].length + 1), *name;
	struct log_fields fields = {.pid = 1};
	json_t *object;
	const char *text;

	/* Nor do names leave too little room. */
	name = calloc(1, 5001);
	memset(name, '\n', 5000);
	fields.job = fields.pool = name;
	log_open(name);
	memset(message, fillings[_i].filling, fillings[_i].length);
	log_set_format(LOG_JSON, JOURNAL_SOCKET);
	log_event(LOG_LEVEL_INFO, &fields, "%s", message);
	free(message);
	free(name);
	object = read_object();
	text = string_at(object, "message");
	ck_assert_uint_gt(strlen(text), 300);
	ck_assert_str_eq(text + strlen(text) - 3, "...");
	json_decref(object);
}
END_TEST

START_TEST(text_shows_no_fields)
{
	struct log_fields fields = {.job = "j", .pool = "p", .pid = 47};

	log_event(LOG_LEVEL_WARN, &fields, "x");
	ck_assert_str_eq(message_of(read_log()), "worker 3: warning: x\n");
}
END_TEST

/* --- repeats --- */

static int
count_lines(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
warn_often(int n)
{
	for (int i = 1; i <= n; i++)
		log_warn("round %d", i);
}

/* Ten seconds do not pass in a test: the end tells. */
START_TEST(what_is_said_again_and_again_is_told_of_at_the_end)
{
	int status;
	char *text;
	pid_t child = fork();

	if (child == 0) {
		log_open("worker 4");
		warn_often(REPEATS_SAID + 5);
		log_settle();
		log_warn("something else");
		exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	text = read_log();
	ck_assert_int_eq(count_lines(text, "warning: round"), REPEATS_SAID);
	ck_assert_ptr_nonnull(strstr(text, "4: warning: something else\n"));
	ck_assert_str_eq(strrchr(text, ']') + 2,
	    "worker 4: warning: 5 more like this: round 15\n");
}
END_TEST

START_TEST(they_are_told_of_before_a_process_dies_of_itself)
{
	int status;
	char *text;
	pid_t child = fork();

	if (child == 0) {
		warn_often(REPEATS_SAID + 1);
		fatal("no more");
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	text = strstr(read_log(), "1 more like this: round 11\n");
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "fatal: no more\n"));
}
END_TEST

START_TEST(a_child_does_not_tell_of_its_parents)
{
	int status;
	pid_t child;
	char *text;

	warn_often(REPEATS_SAID + 1);
	for (int i = 0; i < 2; i++) {
		child = fork();
		if (child == 0) {
			if (i == 0)
				log_open("worker 4");
			exit(0);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
	}
	text = read_log();
	ck_assert_int_eq(count_lines(text, "round"), REPEATS_SAID);
	ck_assert_int_eq(count_lines(text, "more like this"), 0);
}
END_TEST

START_TEST(errors_and_what_was_asked_for_are_always_written)
{
	char *text;

	log_set_level(LOG_LEVEL_DEBUG);
	for (int i = 0; i < 5 * REPEATS_SAID; i++) {
		log_error("an error");
		log_debug("a detail");
		log_info("a fact");
	}
	text = read_log();
	ck_assert_int_eq(count_lines(text, "an error"), 5 * REPEATS_SAID);
	ck_assert_int_eq(count_lines(text, "a detail"), 5 * REPEATS_SAID);
	ck_assert_int_eq(count_lines(text, "a fact"), REPEATS_SAID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("log");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_line_has_time_process_and_message);
	tcase_add_test(tcase, the_time_is_utc);
	tcase_add_test(tcase, without_a_name_there_is_none);
	tcase_add_test(tcase, levels_are_shown_as_set);
	tcase_add_test(tcase, bytes_that_are_not_printable_are_escaped);
	tcase_add_test(tcase, a_long_message_is_cut);
	tcase_add_test(tcase, a_message_long_once_it_is_escaped_is_cut);
	tcase_add_test(tcase, the_longest_message_that_fits_is_not_cut);
	tcase_add_test(tcase, errno_stays);
	tcase_add_test(tcase, nobody_who_reads_is_no_error);
	tcase_add_test(
	    tcase, a_pipe_that_is_full_and_does_not_block_is_no_error);
	tcase_add_test(tcase, a_signal_does_not_lose_a_line);
	tcase_add_test(tcase, lines_of_several_processes_do_not_mix);
	tcase_add_test(tcase, fatal_says_why_and_leaves_with_1);
	tcase_add_test(tcase, text_shows_no_fields);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("json");
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, json_has_what_a_line_has);
	tcase_add_test(tcase, json_has_the_fields);
	tcase_add_test(tcase, json_says_the_level);
	tcase_add_test(tcase, nobody_forges_json);
	tcase_add_loop_test(
	    tcase, json_that_is_cut_is_json, 0, COUNT(fillings));
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("repeats");
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(
	    tcase, what_is_said_again_and_again_is_told_of_at_the_end);
	tcase_add_test(tcase, they_are_told_of_before_a_process_dies_of_itself);
	tcase_add_test(tcase, a_child_does_not_tell_of_its_parents);
	tcase_add_test(tcase, errors_and_what_was_asked_for_are_always_written);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
