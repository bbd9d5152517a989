/*
 * libgil: addresses, and how connecting ends.
 */
#include <signal.h>
#include <sys/time.h>
#include <sys/un.h>

#include "tests/unit/libgil_fixture.h"

static const char *const no_addresses[] = {"", "4453", "localhost",
    "localhost:", ":4453", "::1:4453", "[::1]", "[::1]4453", "[]:4453",
    "unix:"};

START_TEST(what_is_no_address_is_told)
{
	ck_assert_ptr_null(try_open(no_addresses[_i], PATIENCE_MS));
	ck_assert_int_eq(failure.kind, GIL_BAD_ADDRESS);
	ck_assert_str_ne(failure.text, "");
}
END_TEST

START_TEST(a_refusal_is_told)
{
	int fd = listen_tcp(-1); /* bound, and nobody listens */

	ck_assert_ptr_null(try_open(address, PATIENCE_MS));
	ck_assert_str_eq(failure.text, "Connection refused");
	ck_assert_int_eq(failure.kind, GIL_NO_SERVER);
	close(fd);
	ck_assert_ptr_null(
	    try_open("unix:/nonexistent/gild.sock", PATIENCE_MS));
	ck_assert_str_eq(failure.text, "No such file or directory");
}
END_TEST

START_TEST(long_names_are_told)
{
	char text[600];

	memset(text, 'x', sizeof(text));
	memcpy(text, "unix:", 5);
	text[150] = '\0';
	ck_assert_ptr_null(try_open(text, PATIENCE_MS));
	ck_assert_str_eq(
	    failure.text, "a path of 1 to 107 bytes follows unix:");
	text[150] = 'x';
	text[sizeof(text) - 1] = '\0';
	ck_assert_ptr_null(try_open(text, PATIENCE_MS));
	ck_assert_str_eq(
	    failure.text, "at most 255 characters make an address");
}
END_TEST

/* A listener whose queue is full lets nobody in; connecting then gives up. */
START_TEST(connecting_ends_in_time)
{
	struct gil *waiting[64] = {NULL};
	int fd = listen_tcp(0);
	size_t n = 0;

	while (n < 64 && (waiting[n] = try_open(address, 100)) != NULL)
		n++;
	ck_assert_uint_lt(n, 64);
	ck_assert_str_eq(failure.text, "Connection timed out");
	while (n > 0)
		gil_close(waiting[--n]);
	close(fd);
}
END_TEST

static char folder[32];
static char socket_path[64];
static struct gil *waiting[64];
static size_t n_waiting;

/* The same for a Unix socket: as many are connected as its queue takes. */
static void
fill_unix_listener(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	strcpy(folder, "/tmp/test_libgil.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(socket_path, sizeof(socket_path), "%s/s", folder);
	snprintf(address, sizeof(address), "unix:%s/s", folder);
	strcpy(name.sun_path, socket_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(listener, -1);
	ck_assert_int_eq(
	    bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
	while (n_waiting < 64 &&
	    (waiting[n_waiting] = try_open(address, 100)) != NULL)
		n_waiting++;
	ck_assert_uint_gt(n_waiting, 0);
	ck_assert_uint_lt(n_waiting, 64);
	ck_assert_str_eq(failure.text, "Connection timed out");
}

static void
remove_unix_listener(void)
{
	while (n_waiting > 0)
		gil_close(waiting[--n_waiting]);
	close(server);
	close(listener);
	unlink(socket_path);
	rmdir(folder);
}

/* And then one that lets us in. */
START_TEST(unix_sockets_are_servers_too)
{
	fill_unix_listener();
	client = waiting[0];
	/* Of both ends of it. */
	ck_assert_int_eq(gil_peer_pid(client), getpid());
	accept_client();
	ask(1);
	say(RESULT("1"));
	expect_answer(1);
	remove_unix_listener();
}
END_TEST

static volatile sig_atomic_t signals_to_come;

/* The last of them makes room in the listener's queue. */
static void
count_signal(int number)
{
	int error = errno;

	(void)number;
	if (signals_to_come > 0 && --signals_to_come == 0)
		server = accept(listener, NULL, NULL);
	errno = error;
}

static void
send_signals(int every_ms)
{
	struct timeval every = {.tv_usec = every_ms * 1000};
	struct itimerval timer = {.it_interval = every, .it_value = every};

	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

START_TEST(signals_do_not_end_connecting)
{
	struct sigaction action = {
	    .sa_handler = count_signal, .sa_flags = SA_RESTART};

	fill_unix_listener();
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	send_signals(10);
	/* Nor do they put its end off. */
	ck_assert_ptr_null(try_open(address, 100));
	ck_assert_str_eq(failure.text, "Connection timed out");
	signals_to_come = 5;
	client = try_open(address, PATIENCE_MS);
	send_signals(0);
	ck_assert_msg(client != NULL, "%s", failure.text);
	gil_close(client);
	remove_unix_listener();
}
END_TEST

/* Whoever listens on a TCP port may be anywhere. */
START_TEST(tcp_has_no_peers_pid)
{
	setup();
	ck_assert_int_eq(gil_peer_pid(client), 0);
	teardown();
}
END_TEST

START_TEST(closing_nothing_is_borne)
{
	gil_close(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("libgil_connect");
	TCase *tcase = tcase_create("libgil_connect");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, what_is_no_address_is_told, 0, COUNT(no_addresses));
	tcase_add_test(tcase, a_refusal_is_told);
	tcase_add_test(tcase, long_names_are_told);
	tcase_add_test(tcase, connecting_ends_in_time);
	tcase_add_test(tcase, unix_sockets_are_servers_too);
	tcase_add_test(tcase, signals_do_not_end_connecting);
	tcase_add_test(tcase, tcp_has_no_peers_pid);
	tcase_add_test(tcase, closing_nothing_is_borne);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
