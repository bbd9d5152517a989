/*
 * The sockets to listen on: our own, shared with a predecessor, and those of a
 * service manager. Every test has a process of its own, and so an environment
 * to play with.
 */
#include "daemon/listeners.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/log.h"
#include "tests/unit/suite.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */
#define PASSED_MAX 3
#define PATH_A "test_listeners.a.sock"
#define PATH_B "test_listeners.b.sock"

static struct settings settings;
static struct listeners listeners, successor;
static char error[512];

static void
listen_on(const char *a, const char *b)
{
	const char *const texts[] = {a, b};

	settings_free(&settings);
	for (size_t i = 0; i < 2 && texts[i] != NULL; i++)
		settings.listen[settings.n_listen++] = strdup(texts[i]);
}

static void
remove_paths(void)
{
	unlink(PATH_A);
	unlink(PATH_B);
}

static void
setup(void)
{
	log_open("test");
	remove_paths();
	memset(&settings, 0, sizeof(settings));
	listeners.n = successor.n = 0;
	error[0] = '\0';
}

static void
teardown(void)
{
	settings_free(&settings);
	remove_paths();
}

static void
open_with(const struct listeners *predecessor, struct listeners *opened)
{
	ck_assert_msg(listeners_open(opened, &settings, predecessor, error,
			  sizeof(error)) == 0,
	    "%s", error);
}

static bool
exists(const char *path)
{
	struct stat stat_of;

	return lstat(path, &stat_of) == 0;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static ino_t
socket_number(int fd)
{
	struct stat stat_of;

	ck_assert_int_eq(fstat(fd, &stat_of), 0);
	return stat_of.st_ino;
}

static bool
is_same_socket(const struct listener *a, const struct listener *b)
{
	return a->fd != b->fd && socket_number(a->fd) == socket_number(b->fd);
}

/* --- our own --- */

START_TEST(what_the_settings_name_is_opened)
{
	listen_on("127.0.0.1:0", "unix:" PATH_A);
	open_with(NULL, &listeners);
	ck_assert_uint_eq(listeners.n, 2);
	ck_assert_int_eq(strncmp(listeners.all[0].name, "127.0.0.1:", 10), 0);
	ck_assert_str_ne(listeners.all[0].name, "127.0.0.1:0");
	ck_assert_str_eq(listeners.all[1].name, "unix:" PATH_A);
	ck_assert(!listeners_are_inherited(&listeners));
	for (size_t i = 0; i < 2; i++) {
		int fd = listeners.all[i].fd;

		ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	}
	ck_assert(exists(PATH_A));
	listeners_close(&listeners);
	ck_assert_uint_eq(listeners.n, 0);
	ck_assert(!exists(PATH_A));
	listeners_close(&listeners);
}
END_TEST

START_TEST(a_failed_open_leaves_nothing)
{
	int first = dup(STDIN_FILENO);

	close(first);
	listen_on("unix:" PATH_A, "unix:/no/such/folder/sock");
	ck_assert_int_eq(
	    listeners_open(&listeners, &settings, NULL, error, sizeof(error)),
	    -1);
	ck_assert_msg(
	    strstr(error, "/no/such/folder/sock") != NULL, "%s", error);
	ck_assert_uint_eq(listeners.n, 0);
	ck_assert(!exists(PATH_A));
	ck_assert(!is_open(first));
}
END_TEST

START_TEST(an_address_beyond_this_machine_needs_a_word)
{
	listen_on("0.0.0.0:0", NULL);
	ck_assert_int_eq(
	    listeners_open(&listeners, &settings, NULL, error, sizeof(error)),
	    -1);
	ck_assert_msg(strstr(error, "allow_remote") != NULL, "%s", error);
	settings.allow_remote = true;
	open_with(NULL, &listeners);
	/* What is shared needs it no less. */
	settings.allow_remote = false;
	ck_assert_int_eq(listeners_open(&successor, &settings, &listeners,
			     error, sizeof(error)),
	    -1);
	ck_assert(is_open(listeners.all[0].fd));
	listeners_close(&listeners);
}
END_TEST

/* --- with a predecessor --- */

START_TEST(what_both_have_is_one_socket)
{
	listen_on("127.0.0.1:0", "unix:" PATH_A);
	open_with(NULL, &listeners);
	listen_on("unix:" PATH_A, "127.0.0.1:0"); /* in whatever order */
	open_with(&listeners, &successor);
	ck_assert_uint_eq(successor.n, 2);
	ck_assert(is_same_socket(&successor.all[0], &listeners.all[1]));
	ck_assert(is_same_socket(&successor.all[1], &listeners.all[0]));
	ck_assert_str_eq(successor.all[1].name, listeners.all[0].name);
	ck_assert(fcntl(successor.all[0].fd, F_GETFD) & FD_CLOEXEC);
	listeners_close(&successor);
	listeners_close(&listeners);
}
END_TEST

/* Each of two ports that the kernel chose is kept. */
START_TEST(port_0_twice_is_the_same_two_ports)
{
	listen_on("127.0.0.1:0", "127.0.0.1:0");
	open_with(NULL, &listeners);
	ck_assert_str_ne(listeners.all[0].name, listeners.all[1].name);
	open_with(&listeners, &successor);
	for (size_t i = 0; i < 2; i++)
		ck_assert(is_same_socket(&successor.all[i], &listeners.all[i]));
	listeners_close(&successor);
	/* A third is a new one. */
	settings.listen[settings.n_listen++] = strdup("127.0.0.1:0");
	open_with(&listeners, &successor);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(is_same_socket(&successor.all[i], &listeners.all[i]));
		ck_assert_str_ne(successor.all[2].name, listeners.all[i].name);
	}
	listeners_close(&successor);
	listeners_close(&listeners);
}
END_TEST

START_TEST(what_the_successor_alone_has_is_bound)
{
	listen_on("unix:" PATH_A, NULL);
	open_with(NULL, &listeners);
	listen_on("unix:" PATH_A, "unix:" PATH_B);
	open_with(&listeners, &successor);
	ck_assert(exists(PATH_B));
	/* It fails to start: what it shared stays, what it bound goes. */
	listeners_close(&successor);
	ck_assert(exists(PATH_A));
	ck_assert(!exists(PATH_B));
	/* The same where one of its addresses cannot be had. */
	listen_on("unix:" PATH_B, "unix:/no/such/folder/sock");
	ck_assert_int_eq(listeners_open(&successor, &settings, &listeners,
			     error, sizeof(error)),
	    -1);
	ck_assert(exists(PATH_A));
	ck_assert(!exists(PATH_B));
	listeners_close(&listeners);
	ck_assert(!exists(PATH_A));
}
END_TEST

START_TEST(a_path_is_removed_by_the_last_who_has_it)
{
	struct listeners third = {.n = 0};

	listen_on("unix:" PATH_A, "unix:" PATH_B);
	open_with(NULL, &listeners);
	listen_on("unix:" PATH_A, NULL);
	open_with(&listeners, &successor);
	listeners_hand_on(&listeners, &successor);
	listeners_close(&listeners);
	ck_assert(exists(PATH_A));
	ck_assert(!exists(PATH_B)); /* only the old one had it */
	open_with(&successor, &third);
	listeners_hand_on(&successor, &third);
	listeners_close(&successor);
	ck_assert(exists(PATH_A));
	listeners_close(&third);
	ck_assert(!exists(PATH_A));
}
END_TEST

/* --- a service manager's --- */

/*
 * What the manager passes: descriptors at whatever numbers, -1 for a closed
 * one. They are at 3, 4, 5 only while listeners_inherit() runs, since Check
 * has descriptors of its own there.
 */
static struct {
	int fd;
	bool is_open; /* these three: afterwards */
	int fd_flags;
	int flags;
} passed[PASSED_MAX];
static size_t n_passed;

static void
pass(int fd)
{
	ck_assert_uint_lt(n_passed, PASSED_MAX);
	passed[n_passed++].fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD, 100);
	close(fd);
}

static void
pass_socket(int domain, int type, bool listens)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)domain};
	socklen_t size = sizeof(struct sockaddr_in);
	int fd = socket(domain, type, 0);

	ck_assert_int_ge(fd, 0);
	if (domain == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&address;

		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		struct sockaddr_un *un = (struct sockaddr_un *)&address;

		memcpy(un->sun_path, PATH_A, sizeof(PATH_A));
		size = sizeof(*un);
	}
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	if (listens)
		ck_assert_int_eq(listen(fd, 5), 0);
	pass(fd);
}

static void
set_environment(const char *pid, const char *n, const char *names)
{
	char me[16];

	snprintf(me, sizeof(me), "%d", (int)getpid());
	setenv("LISTEN_PID", strcmp(pid, "me") == 0 ? me : pid, 1);
	setenv("LISTEN_FDS", n, 1);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
}

/* Those that were inherited are at other numbers afterwards. */
static int
inherit(void)
{
	int saved[PASSED_MAX], n;

	for (int i = 0; i < PASSED_MAX; i++) {
		saved[i] = fcntl(FIRST + i, F_DUPFD_CLOEXEC, 100);
		close(FIRST + i);
	}
	for (size_t i = 0; i < n_passed; i++) {
		if (passed[i].fd >= 0)
			dup2(passed[i].fd, FIRST + (int)i);
	}
	n = listeners_inherit(&listeners, &settings, error, sizeof(error));
	for (size_t i = 0; i < n_passed; i++) {
		int fd = FIRST + (int)i;

		passed[i].fd_flags = fcntl(fd, F_GETFD);
		passed[i].flags = fcntl(fd, F_GETFL);
		passed[i].is_open = passed[i].fd_flags >= 0;
		if (i < listeners.n && listeners.all[i].fd == fd)
			listeners.all[i].fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	}
	for (int i = 0; i < PASSED_MAX; i++) {
		close(FIRST + i);
		if (saved[i] >= 0) {
			dup2(saved[i], FIRST + i);
			close(saved[i]);
		}
	}
	/* However it ends, a child is not to think that they are its own. */
	ck_assert_ptr_null(getenv("LISTEN_PID"));
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
	return n;
}

static void
refuse(const char *expected)
{
	ck_assert_int_eq(inherit(), -1);
	ck_assert_msg(strstr(error, expected) != NULL, "%s", error);
	ck_assert_uint_eq(listeners.n, 0);
}

START_TEST(a_managers_sockets_are_all_there_are)
{
	pass_socket(AF_INET, SOCK_STREAM, true);
	pass_socket(AF_UNIX, SOCK_STREAM, true);
	set_environment("me", "2", "tcp:local");
	ck_assert_msg(inherit() == 2, "%s", error);
	ck_assert_uint_eq(listeners.n, 2);
	ck_assert(listeners_are_inherited(&listeners));
	ck_assert_int_eq(
	    socket_number(listeners.all[0].fd), socket_number(passed[0].fd));
	ck_assert_int_eq(strncmp(listeners.all[0].name, "127.0.0.1:", 10), 0);
	ck_assert_str_eq(listeners.all[1].name, "unix:" PATH_A);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(passed[i].fd_flags & FD_CLOEXEC);
		ck_assert(passed[i].flags & O_NONBLOCK);
	}
	/* The next generation has the same, whatever its settings say. */
	listen_on("127.0.0.1:0", "unix:" PATH_B);
	open_with(&listeners, &successor);
	ck_assert_uint_eq(successor.n, 2);
	ck_assert(listeners_are_inherited(&successor));
	for (size_t i = 0; i < 2; i++)
		ck_assert(is_same_socket(&successor.all[i], &listeners.all[i]));
	ck_assert(!exists(PATH_B));
	listeners_hand_on(&listeners, &successor);
	listeners_close(&listeners);
	listeners_close(&successor);
	/* They are not ours to remove. */
	ck_assert(exists(PATH_A));
}
END_TEST

static const struct {
	const char *pid, *n;
} nobodys[] = {
    {"1", "1"},
    {"", "1"},
    {"me", "0"},
    {"me", ""},
    {"me", "-1"},
    {"me", "one"},
    {"me", "1x"},
};

START_TEST(what_is_not_meant_for_us_is_left_alone)
{
	pass_socket(AF_INET, SOCK_STREAM, true);
	set_environment(nobodys[_i].pid, nobodys[_i].n, "tcp");
	ck_assert_msg(inherit() == 0, "%s", error);
	ck_assert_uint_eq(listeners.n, 0);
	ck_assert(passed[0].is_open);
	ck_assert_int_eq(passed[0].flags & O_NONBLOCK, 0);
	ck_assert(!listeners_are_inherited(&listeners));
}
END_TEST

START_TEST(without_an_environment_there_are_none)
{
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	ck_assert_int_eq(inherit(), 0);
}
END_TEST

START_TEST(sockets_have_no_names_or_empty_ones)
{
	pass_socket(AF_INET, SOCK_STREAM, true);
	pass_socket(AF_INET, SOCK_STREAM, true);
	pass_socket(AF_INET, SOCK_DGRAM, false);
	set_environment("me", "3", ":second");
	refuse("descriptor 5 (unnamed) is no stream socket: write "
	       "ListenStream= in its unit");
}
END_TEST

START_TEST(a_datagram_socket_is_refused)
{
	pass_socket(AF_INET, SOCK_STREAM, true);
	pass_socket(AF_INET, SOCK_DGRAM, false);
	set_environment("me", "2", "tcp:udp");
	refuse("descriptor 4 (udp) is no stream socket: write ListenStream= "
	       "in its unit");
}
END_TEST

START_TEST(a_socket_that_does_not_listen_is_refused)
{
	pass_socket(AF_INET, SOCK_STREAM, false);
	set_environment("me", "1", "tcp");
	refuse("descriptor 3 (tcp) does not listen: write Accept=no in its "
	       "unit");
}
END_TEST

START_TEST(a_closed_descriptor_is_refused)
{
	pass(-1);
	set_environment("me", "1", "tcp");
	refuse("descriptor 3 (tcp) is not open");
}
END_TEST

START_TEST(what_is_no_socket_is_refused)
{
	pass(open("/dev/null", O_RDONLY));
	set_environment("me", "1", "null");
	refuse("descriptor 3 (null) is no stream socket");
}
END_TEST

START_TEST(too_many_are_refused)
{
	char n[16];

	snprintf(n, sizeof(n), "%d", LISTENERS_MAX + 1);
	set_environment("me", n, NULL);
	refuse("at most");
	set_environment("me", "99999999999999999999", NULL);
	refuse("at most");
}
END_TEST

START_TEST(one_beyond_this_machine_needs_a_word_too)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	pass(fd);
	set_environment("me", "1", "tcp");
	if (_i == 0) {
		refuse("allow_remote");
	} else {
		settings.allow_remote = true;
		ck_assert_msg(inherit() == 1, "%s", error);
		listeners_close(&listeners);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("listeners");
	TCase *tcase = tcase_create("listeners");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_the_settings_name_is_opened);
	tcase_add_test(tcase, a_failed_open_leaves_nothing);
	tcase_add_test(tcase, an_address_beyond_this_machine_needs_a_word);
	tcase_add_test(tcase, what_both_have_is_one_socket);
	tcase_add_test(tcase, port_0_twice_is_the_same_two_ports);
	tcase_add_test(tcase, what_the_successor_alone_has_is_bound);
	tcase_add_test(tcase, a_path_is_removed_by_the_last_who_has_it);
	tcase_add_test(tcase, a_managers_sockets_are_all_there_are);
	tcase_add_loop_test(tcase, what_is_not_meant_for_us_is_left_alone, 0,
	    (int)COUNT(nobodys));
	tcase_add_test(tcase, without_an_environment_there_are_none);
	tcase_add_test(tcase, sockets_have_no_names_or_empty_ones);
	tcase_add_test(tcase, a_datagram_socket_is_refused);
	tcase_add_test(tcase, a_socket_that_does_not_listen_is_refused);
	tcase_add_test(tcase, a_closed_descriptor_is_refused);
	tcase_add_test(tcase, what_is_no_socket_is_refused);
	tcase_add_test(tcase, too_many_are_refused);
	tcase_add_loop_test(
	    tcase, one_beyond_this_machine_needs_a_word_too, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
