/*
 * The log: what a line looks like, that nothing forges one, and that nothing
 * that goes wrong with standard error reaches a caller. Each test runs in a
 * process of its own, so it may do to its descriptor 2 what it likes.
 */
#include "daemon/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
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
	for (int i = 0; i < LINES; i++)
		log_info("%s", message);
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
		ck_assert_int_eq(strncmp(message + 8, ": ", 2), 0);
		ck_assert_uint_eq(strlen(message + 10), 299);
		for (const char *c = message + 10; *c != '\0'; c++)
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
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
