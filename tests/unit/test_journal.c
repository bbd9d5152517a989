/*
 * The log under the journal, which is a datagram socket of the test's here, and
 * a stream that JOURNAL_STREAM names: which way a line goes, what it looks like
 * there, and that it takes the other one when the first is closed. Each test
 * runs in a process of its own.
 */
#include "daemon/journal.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/log.h"
#include "tests/unit/suite.h"

#define JOB "01KAV5W3M8Q6Z7N2R4T9Y0XBCD"

static char folder[] = "/tmp/gild-journal-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int journal_fd; /* the journal's end of its socket */
static int stream_fd;  /* and of the stream that is standard error */

static void
bind_journal(void)
{
	journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
	    bind(journal_fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void
close_journal(void)
{
	close(journal_fd);
	unlink(address.sun_path);
}

static void
name_stream(const char *before, const char *between, const char *after)
{
	struct stat status;
	char text[100];

	ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
	snprintf(text, sizeof(text), "%s%ju%s%ju%s", before,
	    (uintmax_t)status.st_dev, between, (uintmax_t)status.st_ino, after);
	setenv("JOURNAL_STREAM", text, 1);
}

/* Standard error is a stream socket, as under systemd, and not yet named. */
static void
setup(void)
{
	int fds[2];

	unsetenv("JOURNAL_STREAM");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	bind_journal();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
	stream_fd = fds[0];
	ck_assert_int_eq(fcntl(stream_fd, F_SETFL, O_NONBLOCK), 0);
	log_open("worker 3");
}

static void
teardown(void)
{
	close_journal();
	rmdir(folder);
}

/* All that waits at the journal's end, one datagram after the other, or in the
 * stream. "" is nothing. */
static const char *
read_all(int fd)
{
	static char text[1 << 16];
	size_t length = 0;
	ssize_t n;

	while ((n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	ck_assert(n == 0 || errno == EAGAIN);
	text[length] = '\0';
	return text;
}

#define check_journal(expected) ck_assert_str_eq(read_all(journal_fd), expected)
#define check_stream(expected) ck_assert_str_eq(read_all(stream_fd), expected)

#define ENTRY(priority, message)   \
	"PRIORITY=" #priority "\n" \
	"SYSLOG_IDENTIFIER=gild\n" \
	"GILD_PROCESS=worker 3\n"  \
	"MESSAGE=worker 3: " message "\n"

START_TEST(auto_finds_the_journal)
{
	name_stream("", ":", "");
	log_set_format(LOG_AUTO, address.sun_path);
	log_info("here");
	check_journal(ENTRY(6, "here"));
	check_stream("");
	ck_assert_int_gt(log_fd(), STDERR_FILENO);
	ck_assert_int_eq(fcntl(log_fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

START_TEST(auto_finds_it_at_the_end_of_a_pipe)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	name_stream("", ":", "");
	log_set_format(LOG_AUTO, address.sun_path);
	log_info("here");
	check_journal(ENTRY(6, "here"));
	log_error("there");
	close(fds[1]);
	close(STDERR_FILENO);
	ck_assert_str_eq(read_all(fds[0]), "<3>worker 3: there\n");
}
END_TEST

static void
check_text_on_stream(const char *rest)
{
	const char *text = read_all(stream_fd);

	ck_assert_int_eq(text[0], '2');
	ck_assert_ptr_nonnull(strstr(text, rest));
	check_journal("");
	ck_assert_int_eq(log_fd(), -1);
}

/* Around and between the numbers. */
static const struct {
	const char *before, *between, *after;
} strange[] = {
    {"", ":1", ""},
    {"1", ":", ""},
    {"", ":", "0"},
    {"", ":", " "},
    {"", " ", ""},
    {"", "", ""},
    {" ", ":", ""},
    {"-", ":", ""},
    {"", ":+", ""},
    {"x", ":", ""},
};

START_TEST(auto_is_text_where_the_variable_names_something_else)
{
	name_stream(strange[_i].before, strange[_i].between, strange[_i].after);
	log_set_format(LOG_AUTO, address.sun_path);
	log_info("here");
	check_text_on_stream("] worker 3: here\n");
}
END_TEST

START_TEST(auto_is_text_without_the_variable)
{
	log_set_format(LOG_AUTO, address.sun_path);
	log_info("here");
	check_text_on_stream("] worker 3: here\n");
}
END_TEST

START_TEST(text_under_the_journal_has_priorities)
{
	name_stream("", ":", "");
	log_set_format(LOG_TEXT, address.sun_path);
	log_set_level(LOG_LEVEL_DEBUG);
	log_error("e");
	log_warn("w\n<0>forged");
	log_info("i");
	log_debug("d");
	check_stream("<3>worker 3: e\n"
		     "<4>worker 3: w\\x0a<0>forged\n"
		     "<6>worker 3: i\n"
		     "<7>worker 3: d\n");
	check_journal("");
	ck_assert_int_eq(log_fd(), -1);
}
END_TEST

START_TEST(json_stays_json_under_the_journal)
{
	name_stream("", ":", "");
	log_set_format(LOG_JSON, address.sun_path);
	log_info("i");
	ck_assert_int_eq(read_all(stream_fd)[0], '{');
	check_journal("");
}
END_TEST

START_TEST(the_journal_can_be_asked_for)
{
	log_set_format(LOG_JOURNAL, address.sun_path);
	log_set_level(LOG_LEVEL_DEBUG);
	log_error("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	check_stream("");
	check_journal(ENTRY(3, "e") ENTRY(4, "w") ENTRY(6, "i") ENTRY(7, "d"));
}
END_TEST

START_TEST(fields_are_fields)
{
	struct log_fields fields = {.job = JOB, .pool = "processes", .pid = 47};

	log_set_format(LOG_JOURNAL, address.sun_path);
	log_event(LOG_LEVEL_WARN, &fields, "what %s", "happened");
	check_journal("PRIORITY=4\n"
		      "SYSLOG_IDENTIFIER=gild\n"
		      "GILD_PROCESS=worker 3\n"
		      "JOB=" JOB "\n"
		      "POOL=processes\n"
		      "PID=47\n"
		      "MESSAGE=worker 3: what happened\n");
	log_event(LOG_LEVEL_INFO, NULL, "nothing");
	check_journal(ENTRY(6, "nothing"));
}
END_TEST

START_TEST(nobody_forges_a_field)
{
	struct log_fields fields = {.job = "x\nJOB=y", .pool = "p\nq"};

	log_open("a\nPRIORITY=0");
	log_set_format(LOG_JOURNAL, address.sun_path);
	log_event(
	    LOG_LEVEL_INFO, &fields, "%s", "m\nPRIORITY=0\nMESSAGE\n\x01\x02");
	check_journal("PRIORITY=6\n"
		      "SYSLOG_IDENTIFIER=gild\n"
		      "GILD_PROCESS=a\\x0aPRIORITY=0\n"
		      "JOB=x\\x0aJOB=y\n"
		      "POOL=p\\x0aq\n"
		      "MESSAGE=a\\x0aPRIORITY=0: m\\x0aPRIORITY=0\\x0aMESSAGE"
		      "\\x0a\\x01\\x02\n");
}
END_TEST

START_TEST(a_long_message_is_cut)
{
	char *message = calloc(1, 100001);
	const char *text;

	memset(message, '\n', 100000);
	log_set_format(LOG_JOURNAL, address.sun_path);
	log_info("%s", message);
	free(message);
	text = read_all(journal_fd);
	ck_assert_uint_gt(strlen(text), 1000);
	ck_assert_str_eq(text + strlen(text) - 4, "...\n");
	check_stream("");
}
END_TEST

/* An error is the last that a process says: see log.c. */
START_TEST(an_error_takes_the_stream)
{
	int status;
	pid_t child;

	name_stream("", ":", "");
	log_set_format(LOG_AUTO, address.sun_path);
	child = fork();
	if (child == 0)
		fatal("the last word");
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	log_error("more");
	check_stream("<2>worker 3: the last word\n<3>worker 3: more\n");
	check_journal("");
}
END_TEST

START_TEST(without_a_journal_the_stream_takes_it)
{
	name_stream("", ":", "");
	log_set_format(LOG_AUTO, address.sun_path);
	close(journal_fd);
	log_warn("refused"); /* ECONNREFUSED: a socket that nobody reads */
	unlink(address.sun_path);
	log_warn("absent"); /* ENOENT */
	check_stream("<4>worker 3: refused\n<4>worker 3: absent\n");
	bind_journal(); /* another socket there */
	log_warn("back");
	check_journal(ENTRY(4, "back"));
	check_stream("");
}
END_TEST

START_TEST(a_full_journal_is_not_waited_for)
{
	name_stream("", ":", "");
	log_set_format(LOG_AUTO, address.sun_path);
	log_set_level(LOG_LEVEL_DEBUG);
	for (int i = 0; i < 100000 && read_all(stream_fd)[0] == '\0'; i++)
		log_debug("on and on");
	log_debug("overflow");
	check_stream("<7>worker 3: overflow\n");
	ck_assert_ptr_nonnull(strstr(read_all(journal_fd), "on and on"));
	log_debug("back");
	check_journal(ENTRY(7, "back"));
}
END_TEST

/* Neither way is open: gild goes on, and what was lost is counted. */
START_TEST(lost_lines_are_counted)
{
	int n_lines = 0, n_lost;
	const char *said;
	char text[200];

	name_stream("", ":", "");
	log_set_format(LOG_TEXT, address.sun_path);
	log_set_level(LOG_LEVEL_DEBUG);
	for (int i = 0; i < 100000; i++)
		log_debug("%s", "0123456789012345678901234567890123456789");
	said = read_all(stream_fd);
	while (*said != '\0')
		n_lines += *said++ == '\n';
	n_lost = 100000 - n_lines;
	ck_assert_int_gt(n_lost, 0);
	log_debug("again");
	snprintf(text, sizeof(text),
	    "<4>worker 3: %d lines of the log could not be written\n"
	    "<7>worker 3: again\n",
	    n_lost);
	check_stream(text);
}
END_TEST

START_TEST(no_journal_from_the_start_is_one_warning)
{
	static const struct {
		const char *path, *why;
	} places[] = {
	    {"/nowhere/socket", "No such file or directory"},
	    {"/etc/passwd", "Connection refused"},
	};
	char rest[200];

	log_set_format(LOG_JOURNAL, places[_i].path);
	snprintf(rest, sizeof(rest),
	    "] worker 3: warning: cannot reach the journal at %s: %s; the log "
	    "goes to standard error, as text\n",
	    places[_i].path, places[_i].why);
	check_text_on_stream(rest);
	log_info("more");
	check_text_on_stream("] worker 3: more\n");
}
END_TEST

START_TEST(a_path_too_long_is_no_journal)
{
	struct journal journal;
	char path[300];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(journal_open(&journal, path), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	ck_assert_int_eq(journal.fd, -1);
	journal_close(&journal);
}
END_TEST

START_TEST(the_format_can_be_changed)
{
	int fd;

	log_set_format(LOG_JOURNAL, address.sun_path);
	fd = log_fd();
	log_set_format(LOG_JOURNAL, address.sun_path);
	ck_assert_int_eq(log_fd(), fd);
	log_set_format(LOG_TEXT, address.sun_path);
	log_info("text");
	check_text_on_stream("] worker 3: text\n");
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(a_child_shares_the_socket)
{
	int status;
	pid_t child;

	log_set_format(LOG_JOURNAL, address.sun_path);
	child = fork();
	if (child == 0) {
		log_open("worker 4");
		if (close_range(STDERR_FILENO + 1, (unsigned)log_fd() - 1, 0) !=
			0 ||
		    close_range((unsigned)log_fd() + 1, ~0U, 0) != 0)
			_exit(1);
		log_info("from a child");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	check_journal("PRIORITY=6\n"
		      "SYSLOG_IDENTIFIER=gild\n"
		      "GILD_PROCESS=worker 4\n"
		      "MESSAGE=worker 4: from a child\n");
}
END_TEST

START_TEST(errno_stays)
{
	log_set_format(LOG_JOURNAL, address.sun_path);
	close_journal();
	errno = ERANGE;
	log_warn("x");
	ck_assert_int_eq(errno, ERANGE);
	bind_journal();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tcase = tcase_create("journal");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, auto_finds_the_journal);
	tcase_add_test(tcase, auto_finds_it_at_the_end_of_a_pipe);
	tcase_add_loop_test(tcase,
	    auto_is_text_where_the_variable_names_something_else, 0,
	    COUNT(strange));
	tcase_add_test(tcase, auto_is_text_without_the_variable);
	tcase_add_test(tcase, text_under_the_journal_has_priorities);
	tcase_add_test(tcase, json_stays_json_under_the_journal);
	tcase_add_test(tcase, the_journal_can_be_asked_for);
	tcase_add_test(tcase, fields_are_fields);
	tcase_add_test(tcase, nobody_forges_a_field);
	tcase_add_test(tcase, a_long_message_is_cut);
	tcase_add_test(tcase, an_error_takes_the_stream);
	tcase_add_test(tcase, without_a_journal_the_stream_takes_it);
	tcase_add_test(tcase, a_full_journal_is_not_waited_for);
	tcase_add_test(tcase, lost_lines_are_counted);
	tcase_add_loop_test(
	    tcase, no_journal_from_the_start_is_one_warning, 0, 2);
	tcase_add_test(tcase, a_path_too_long_is_no_journal);
	tcase_add_test(tcase, the_format_can_be_changed);
	tcase_add_test(tcase, a_child_shares_the_socket);
	tcase_add_test(tcase, errno_stays);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
