/*
 * What a service manager hears. The manager is the test: it has the datagram
 * socket that $NOTIFY_SOCKET names.
 */
#include "daemon/notify.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "tests/unit/suite.h"

#define SOCKET "test_notify.sock"

static struct notifier notifier;
static int manager;

/* The manager's socket, at a path or, with an @ in front, abstract. */
static void
listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	else
		unlink(name);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(
	    bind(manager, (const struct sockaddr *)&address, size), 0);
}

/* A whole path, as the protocol has it. Not to be freed. */
static const char *
socket_path(void)
{
	static char path[108];
	char *folder = getcwd(NULL, 0);

	ck_assert_ptr_nonnull(folder);
	if (strlen(folder) + sizeof(SOCKET) + 1 > sizeof(path))
		snprintf(path, sizeof(path), "/tmp/%d." SOCKET, (int)getpid());
	else
		snprintf(path, sizeof(path), "%s/" SOCKET, folder);
	free(folder);
	return path;
}

static void
setup(void)
{
	log_open("test");
	listen_at(socket_path());
	setenv("NOTIFY_SOCKET", socket_path(), 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void
teardown(void)
{
	notify_close(&notifier);
	close(manager);
	unlink(socket_path());
}

/* The next message, "" when there is none. */
static const char *
heard(void)
{
	static char text[1024];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
say_everything(void)
{
	notify_ready(&notifier);
	notify_reloading(&notifier);
	notify_stopping(&notifier);
	notify_watchdog(&notifier);
	notify_extend_timeout(&notifier, NS_PER_S);
	notify_status(&notifier, "%s", "well");
}

START_TEST(the_manager_hears_each_word)
{
	uint64_t before_us = clock_monotonic_ns() / NS_PER_US, told_us;
	int end = 0;

	notify_open(&notifier);
	ck_assert(notify_is_heard(&notifier));
	ck_assert_str_eq(heard(), "");
	notify_ready(&notifier);
	ck_assert_str_eq(heard(), "READY=1");
	notify_reloading(&notifier);
	ck_assert_int_eq(
	    sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64 "%n",
		&told_us, &end),
	    1);
	ck_assert_int_gt(end, 0);
	ck_assert_uint_ge(told_us, before_us);
	ck_assert_uint_le(told_us, clock_monotonic_ns() / NS_PER_US);
	notify_stopping(&notifier);
	ck_assert_str_eq(heard(), "STOPPING=1");
	notify_extend_timeout(&notifier, 12 * NS_PER_S);
	ck_assert_str_eq(heard(), "EXTEND_TIMEOUT_USEC=12000000");
	ck_assert_str_eq(heard(), "");
}
END_TEST

START_TEST(a_status_is_told_when_it_is_another_one)
{
	char longer[2 * NOTIFY_STATUS_CHARS];

	notify_open(&notifier);
	notify_status(&notifier, "%d jobs", 1);
	ck_assert_str_eq(heard(), "STATUS=1 jobs");
	notify_status(&notifier, "%d jobs", 1);
	ck_assert_str_eq(heard(), "");
	notify_status(&notifier, "%d jobs", 2);
	ck_assert_str_eq(heard(), "STATUS=2 jobs");
	notify_status(&notifier, "%d jobs", 1);
	ck_assert_str_eq(heard(), "STATUS=1 jobs");
	/* One that is too long is cut, and not sent again for that. */
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	notify_status(&notifier, "%s", longer);
	ck_assert_uint_eq(
	    strlen(heard()), strlen("STATUS=") + NOTIFY_STATUS_CHARS);
	notify_status(&notifier, "%s", longer);
	ck_assert_str_eq(heard(), "");
}
END_TEST

START_TEST(a_status_that_was_not_heard_is_told_again)
{
	notify_open(&notifier);
	close(manager);
	unlink(socket_path());
	notify_status(&notifier, "well");
	listen_at(socket_path());
	notify_status(&notifier, "well");
	ck_assert_str_eq(heard(), "STATUS=well");
}
END_TEST

START_TEST(an_abstract_name)
{
	char name[64];

	close(manager);
	snprintf(name, sizeof(name), "@gild/test_notify/%d", (int)getpid());
	listen_at(name);
	setenv("NOTIFY_SOCKET", name, 1);
	notify_open(&notifier);
	ck_assert(notify_is_heard(&notifier));
	notify_ready(&notifier);
	ck_assert_str_eq(heard(), "READY=1");
}
END_TEST

/* --- the watchdog --- */

static const struct {
	const char *usec;
	const char *pid; /* "me": this process's */
	uint64_t expected_ns;
} watchdogs[] = {
    {"3000000", "me", 3 * NS_PER_S},
    {"3000000", NULL, 3 * NS_PER_S},
    {"3000000", "1", 0},
    {"3000000", "", 0},
    {NULL, "me", 0},
    {NULL, NULL, 0},
    {"", "me", 0},
    {"0", "me", 0},
    {"-5", "me", 0},
    {"5s", "me", 0},
    {"18446744073709551615", "me", 0},
    {"99999999999999999999", "me", 0},
};

START_TEST(the_watchdog_is_fed_where_it_is_ours)
{
	char me[16];

	snprintf(me, sizeof(me), "%d", (int)getpid());
	if (watchdogs[_i].usec != NULL)
		setenv("WATCHDOG_USEC", watchdogs[_i].usec, 1);
	if (watchdogs[_i].pid != NULL)
		setenv("WATCHDOG_PID",
		    strcmp(watchdogs[_i].pid, "me") == 0 ? me
							 : watchdogs[_i].pid,
		    1);
	notify_open(&notifier);
	ck_assert_uint_eq(notifier.watchdog_ns, watchdogs[_i].expected_ns);
	notify_watchdog(&notifier);
	ck_assert_str_eq(
	    heard(), watchdogs[_i].expected_ns > 0 ? "WATCHDOG=1" : "");
	/* A child is not to take them for its own. */
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
}
END_TEST

/* --- nobody listens --- */

static const char *const unusable[] = {
    NULL,
    "",
    "@",
    "/",
    "relative/path",
    "vsock:2:1234",
    "/a/path/that/is/longer/than/the/address/of/a/socket/can/be/which/is/"
    "one/hundred/and/eight/bytes/and/not/one/more",
};

START_TEST(where_nobody_listens_nothing_is_said)
{
	if (unusable[_i] == NULL)
		unsetenv("NOTIFY_SOCKET");
	else
		setenv("NOTIFY_SOCKET", unusable[_i], 1);
	setenv("WATCHDOG_USEC", "1000000", 1);
	notify_open(&notifier);
	ck_assert(!notify_is_heard(&notifier));
	ck_assert_uint_eq(notifier.watchdog_ns, 0);
	say_everything();
	ck_assert_str_eq(heard(), "");
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
}
END_TEST

START_TEST(a_manager_that_is_gone_does_no_harm)
{
	notify_open(&notifier);
	close(manager);
	unlink(socket_path());
	say_everything();
	ck_assert(notify_is_heard(&notifier)); /* it may come back */
	manager = -1;
}
END_TEST

/* One that does not read is not waited for for ever. */
START_TEST(a_manager_that_does_not_read_does_no_harm)
{
	int n = 0;

	notify_open(&notifier);
	/* Until the first that had to wait, which takes its second. */
	for (uint64_t start_ns = clock_monotonic_ns();
	     clock_monotonic_ns() - start_ns < NS_PER_S; n++)
		notify_ready(&notifier);
	while (strcmp(heard(), "READY=1") == 0)
		n--;
	ck_assert_int_gt(n, 0); /* some were lost */
	notify_stopping(&notifier);
	ck_assert_str_eq(heard(), "STOPPING=1");
}
END_TEST

START_TEST(what_is_closed_is_not_heard)
{
	notify_open(&notifier);
	notify_close(&notifier);
	notify_close(&notifier);
	ck_assert(!notify_is_heard(&notifier));
	say_everything();
	ck_assert_str_eq(heard(), "");
}
END_TEST

START_TEST(the_socket_is_not_handed_on)
{
	notify_open(&notifier);
	ck_assert_int_eq(fcntl(notifier.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tcase = tcase_create("notify");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_manager_hears_each_word);
	tcase_add_test(tcase, a_status_is_told_when_it_is_another_one);
	tcase_add_test(tcase, a_status_that_was_not_heard_is_told_again);
	tcase_add_test(tcase, an_abstract_name);
	tcase_add_loop_test(tcase, the_watchdog_is_fed_where_it_is_ours, 0,
	    (int)COUNT(watchdogs));
	tcase_add_loop_test(tcase, where_nobody_listens_nothing_is_said, 0,
	    (int)COUNT(unusable));
	tcase_add_test(tcase, a_manager_that_is_gone_does_no_harm);
	tcase_add_test(tcase, a_manager_that_does_not_read_does_no_harm);
	tcase_add_test(tcase, what_is_closed_is_not_heard);
	tcase_add_test(tcase, the_socket_is_not_handed_on);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
