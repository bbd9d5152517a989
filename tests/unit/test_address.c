/*
 * Addresses: how they are written, what they stand for, and the sockets that
 * listen there. Ports are the kernel's choice, paths are in a directory of
 * the test's own.
 */
#include "daemon/address.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static char error[512];
static char directory[64];

static void
make_directory(void)
{
	strcpy(directory, "/tmp/gild-address-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void
remove_directory(void)
{
	unlink("s");
	unlink("file");
	ck_assert_int_eq(rmdir(directory), 0);
}

static struct address
resolve_one(const char *text)
{
	struct address found[ADDRESS_MAX_RESOLVED];

	ck_assert_msg(address_resolve(text, found, ADDRESS_MAX_RESOLVED, error,
			  sizeof(error)) == 1,
	    "%s: %s", text, error);
	return found[0];
}

static int
listen_at(const char *text)
{
	struct address address = resolve_one(text);

	return address_listen(&address, 16, error, sizeof(error));
}

static int
connect_to(const char *text)
{
	struct address address = resolve_one(text);
	int fd = socket(address.storage.ss_family, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&address.storage, address.length) ==
	    0)
		return fd;
	close(fd);
	return -1;
}

static const char *
bound_text(int fd)
{
	static char text[ADDRESS_TEXT_CHARS + 1];

	ck_assert_int_eq(address_format_bound(fd, text), 0);
	return text;
}

static bool
has_ipv6(void)
{
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has =
	    fd >= 0 && bind(fd, (struct sockaddr *)&in6, sizeof(in6)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/* Without /etc/hosts, as in a bare system, nobody may know it. */
static bool
has_localhost(void)
{
	struct addrinfo *found;

	if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
		return false;
	freeaddrinfo(found);
	return true;
}

static const struct {
	const char *text, *error;
} wrong[] = {
    {"", "\"\" has no port: write 127.0.0.1:4453"},
    {"127.0.0.1", "\"127.0.0.1\" has no port: write 127.0.0.1:4453"},
    {"localhost", "\"localhost\" has no port: write localhost:4453"},
    {"127.0.0.1:", "\"127.0.0.1:\" has no port: write 127.0.0.1:4453"},
    {"4453", "\"4453\" has no host: write 127.0.0.1:4453"},
    {":80", "\":80\" has no host: write 127.0.0.1:80 for this machine alone"},
    {"[]:80",
	"\"[]:80\" has no host: write 127.0.0.1:80 for this machine alone"},
    {"h:65536",
	"\"h:65536\": the port must be an integer from 0 to 65535, "
	"not \"65536\""},
    {"h:123456",
	"\"h:123456\": the port must be an integer from 0 to 65535, "
	"not \"123456\""},
    {"h:http",
	"\"h:http\": the port must be an integer from 0 to 65535, not "
	"\"http\""},
    {"h:-1",
	"\"h:-1\": the port must be an integer from 0 to 65535, not "
	"\"-1\""},
    {"h:+1",
	"\"h:+1\": the port must be an integer from 0 to 65535, not "
	"\"+1\""},
    {"h: 1",
	"\"h: 1\": the port must be an integer from 0 to 65535, not "
	"\" 1\""},
    {"::1",
	"\"::1\" is ambiguous: write an IPv6 address in brackets and its "
	"port behind them, such as [::1]:4453"},
    {"::1:80",
	"\"::1:80\" is ambiguous: write an IPv6 address in brackets "
	"and its port behind them, such as [::1]:4453"},
    {"[::1]", "\"[::1]\" has no port: write [::1]:4453"},
    {"[::1]80", "\"[::1]80\" has no port: write [::1]:4453"},
    {"[::1]:", "\"[::1]:\" has no port: write [::1]:4453"},
    {"[::1:80", "\"[::1:80\" has no closing bracket: write [::1]:4453"},
    {"[127.0.0.1]:80",
	"\"[127.0.0.1]:80\": brackets hold an IPv6 address, "
	"such as [::1]:80"},
    {"[localhost]:80",
	"\"[localhost]:80\": brackets hold an IPv6 address, "
	"such as [::1]:80"},
    {"unix:", "\"unix:\" has no path: write unix:/run/gild/gild.sock"},
};

START_TEST(what_is_written_wrong_is_explained)
{
	struct address found[1];

	ck_assert_int_eq(
	    address_check(wrong[_i].text, error, sizeof(error)), -1);
	ck_assert_str_eq(error, wrong[_i].error);
	error[0] = '\0';
	ck_assert_int_eq(
	    address_resolve(wrong[_i].text, found, 1, error, sizeof(error)),
	    -1);
	ck_assert_str_eq(error, wrong[_i].error);
}
END_TEST

static const char *const right[] = {"127.0.0.1:0", "127.0.0.1:65535",
    "localhost:4453", "[::1]:4453", "[fe80::1%lo]:1", "0.0.0.0:1", "[::]:1",
    "no.such.host.invalid:1", "unix:/run/gild/gild.sock", "unix:relative",
    "unix:with:colons", "127.0.0.1:00080"};

START_TEST(what_is_written_right_is_taken)
{
	ck_assert_int_eq(address_check(right[_i], error, sizeof(error)), 0);
}
END_TEST

START_TEST(a_path_or_a_host_has_a_longest)
{
	char text[300];

	memset(text, 'p', sizeof(text));
	memcpy(text, "unix:", 5);
	text[5 + 107] = '\0';
	ck_assert_int_eq(address_check(text, error, sizeof(error)), 0);
	ck_assert_uint_eq(strlen(resolve_one(text).unix_path), 107);
	text[5 + 107] = 'p';
	text[5 + 108] = '\0';
	ck_assert_int_eq(address_check(text, error, sizeof(error)), -1);
	ck_assert_ptr_nonnull(strstr(error,
	    "is too long: a Unix socket's path has at most 107 bytes, this "
	    "one 108"));
	memset(text, 'h', sizeof(text));
	strcpy(text + 255, ":80");
	ck_assert_int_eq(address_check(text, error, sizeof(error)), 0);
	strcpy(text + 255, "h:80");
	ck_assert_int_eq(address_check(text, error, sizeof(error)), -1);
	ck_assert_ptr_nonnull(
	    strstr(error, "is too long: a host has at most 255 bytes"));
}
END_TEST

START_TEST(an_ipv4_address_resolves_to_itself)
{
	struct address address = resolve_one("127.0.0.1:4453");
	struct sockaddr_in *in = (void *)&address.storage;

	ck_assert_int_eq(in->sin_family, AF_INET);
	ck_assert_uint_eq(ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK);
	ck_assert_uint_eq(ntohs(in->sin_port), 4453);
	ck_assert_uint_eq(address.length, sizeof(*in));
	ck_assert_str_eq(address.unix_path, "");
}
END_TEST

START_TEST(an_ipv6_address_resolves_to_itself)
{
	struct address address = resolve_one("[::1]:4453");
	struct sockaddr_in6 *in6 = (void *)&address.storage;

	ck_assert_int_eq(in6->sin6_family, AF_INET6);
	ck_assert(IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr));
	ck_assert_uint_eq(ntohs(in6->sin6_port), 4453);
	ck_assert_uint_eq(address.length, sizeof(*in6));
}
END_TEST

START_TEST(a_unix_path_resolves_to_itself)
{
	struct address address = resolve_one("unix:/a/b");
	struct sockaddr_un *un = (void *)&address.storage;

	ck_assert_int_eq(un->sun_family, AF_UNIX);
	ck_assert_str_eq(un->sun_path, "/a/b");
	ck_assert_str_eq(address.unix_path, "/a/b");
	ck_assert_uint_eq(
	    address.length, offsetof(struct sockaddr_un, sun_path) + 5);
}
END_TEST

START_TEST(localhost_has_local_addresses_each_once)
{
	struct address found[ADDRESS_MAX_RESOLVED];
	int n = address_resolve(
	    "localhost:80", found, ADDRESS_MAX_RESOLVED, error, sizeof(error));

	if (!has_localhost()) {
		ck_assert_int_eq(n, -1);
		return;
	}
	ck_assert_int_ge(n, 1);
	for (int i = 0; i < n; i++) {
		ck_assert(address_is_local(&found[i]));
		for (int j = 0; j < i; j++)
			ck_assert(found[i].length != found[j].length ||
			    memcmp(&found[i].storage, &found[j].storage,
				found[i].length) != 0);
		if (!has_ipv6())
			ck_assert_int_eq(found[i].storage.ss_family, AF_INET);
	}
}
END_TEST

/* Such a name is not worth a question to any name server. */
START_TEST(a_name_that_nobody_has_is_an_error)
{
	struct address found[1];
	static const char start[] = "cannot resolve \"no..name\": ";

	ck_assert_int_eq(
	    address_resolve("no..name:80", found, 1, error, sizeof(error)), -1);
	ck_assert_ptr_eq(strstr(error, start), error);
	ck_assert_uint_gt(strlen(error), strlen(start));
}
END_TEST

static const struct {
	const char *text;
	bool is_local;
} places[] = {
    {"127.0.0.1:1", true},
    {"127.255.255.254:1", true},
    {"[::1]:1", true},
    {"unix:/s", true},
    {"126.255.255.255:1", false},
    {"128.0.0.1:1", false},
    {"0.0.0.0:1", false},
    {"10.0.0.1:1", false},
    {"[::]:1", false},
    {"[::2]:1", false},
    {"[2001:db8::1]:1", false},
    {"[::ffff:10.0.0.1]:1", false},
};

START_TEST(what_is_on_this_machine_is_told_apart)
{
	struct address address = resolve_one(places[_i].text);
	const char *text = places[_i].text;

	ck_assert_int_eq(address_is_local(&address), places[_i].is_local);
	ck_assert_int_eq(
	    address_check_reach(&address, text, true, error, sizeof(error)), 0);
	ck_assert_int_eq(
	    address_check_reach(&address, text, false, error, sizeof(error)),
	    places[_i].is_local ? 0 : -1);
}
END_TEST

START_TEST(beyond_this_machine_is_refused_with_reasons)
{
	struct address address = resolve_one("0.0.0.0:80");

	ck_assert_int_eq(address_check_reach(&address, "0.0.0.0:80", false,
			     error, sizeof(error)),
	    -1);
	ck_assert_str_eq(error,
	    "refusing to listen on 0.0.0.0:80: it can be reached from beyond "
	    "this machine, and gild has no authentication: anybody there could "
	    "use it. Listen on 127.0.0.1 or a unix: path, or set allow_remote "
	    "= true if this is meant");
}
END_TEST

START_TEST(a_listening_socket_is_as_promised)
{
	int fd = listen_at("127.0.0.1:0"), on = 0;
	socklen_t length = sizeof(on);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(
	    getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, &length), 0);
	ck_assert_int_ne(on, 0);
	ck_assert_int_eq(
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &length), 0);
	ck_assert_int_ne(on, 0);
	close(fd);
}
END_TEST

START_TEST(the_kernels_port_is_told)
{
	int fd = listen_at("127.0.0.1:0");
	const char *text = bound_text(fd);

	ck_assert_int_eq(strncmp(text, "127.0.0.1:", 10), 0);
	ck_assert_int_gt(atoi(text + 10), 0);
	int peer = connect_to(text);
	ck_assert_int_ge(peer, 0);
	close(peer);
	close(fd);
}
END_TEST

START_TEST(ipv6_listens_for_ipv6_alone)
{
	int fd, on = 0;
	socklen_t length = sizeof(on);

	if (!has_ipv6())
		return;
	fd = listen_at("[::1]:0");
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(strncmp(bound_text(fd), "[::1]:", 6), 0);
	int peer = connect_to(bound_text(fd));
	ck_assert_int_ge(peer, 0);
	close(peer);
	ck_assert_int_eq(
	    getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, &length), 0);
	ck_assert_int_ne(on, 0);
	close(fd);
}
END_TEST

START_TEST(a_port_in_use_is_an_error)
{
	int fd = listen_at("127.0.0.1:0");
	char text[ADDRESS_TEXT_CHARS + 1], expected[256];

	strcpy(text, bound_text(fd));
	ck_assert_int_eq(listen_at(text), -1);
	snprintf(expected, sizeof(expected),
	    "cannot listen on %s: another process listens there", text);
	ck_assert_str_eq(error, expected);
	close(fd);
}
END_TEST

/* The side that closes first keeps the port for a while; we take it anyhow. */
START_TEST(a_port_just_left_can_be_had_again)
{
	int fd = listen_at("127.0.0.1:0"), peer, client, again;
	char text[ADDRESS_TEXT_CHARS + 1], byte;

	strcpy(text, bound_text(fd));
	client = connect_to(text);
	ck_assert_int_ge(client, 0);
	peer = accept(fd, NULL, NULL);
	ck_assert_int_ge(peer, 0);
	close(peer);
	close(fd);
	ck_assert_int_eq(read(client, &byte, 1), 0);
	close(client);
	again = listen_at(text);
	ck_assert_msg(again >= 0, "%s", error);
	close(again);
}
END_TEST

START_TEST(an_address_of_another_machine_is_an_error)
{
	ck_assert_int_eq(listen_at("192.0.2.1:4453"), -1);
	ck_assert_str_eq(error,
	    "cannot listen on 192.0.2.1:4453: this machine "
	    "does not have that address");
}
END_TEST

START_TEST(a_unix_socket_listens)
{
	int fd = listen_at("unix:s");

	ck_assert_msg(fd >= 0, "%s", error);
	ck_assert_str_eq(bound_text(fd), "unix:s");
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	int peer = connect_to("unix:s");
	ck_assert_int_ge(peer, 0);
	close(peer);
	close(fd);
}
END_TEST

START_TEST(a_path_that_was_left_behind_is_replaced)
{
	close(listen_at("unix:s"));
	ck_assert_int_eq(connect_to("unix:s"), -1);
	int fd = listen_at("unix:s");
	ck_assert_msg(fd >= 0, "%s", error);
	int peer = connect_to("unix:s");
	ck_assert_int_ge(peer, 0);
	close(peer);
	close(fd);
}
END_TEST

START_TEST(a_path_that_answers_is_left_alone)
{
	int fd = listen_at("unix:s");

	ck_assert_int_eq(listen_at("unix:s"), -1);
	ck_assert_str_eq(
	    error, "cannot listen on unix:s: another process listens there");
	int peer = connect_to("unix:s");
	ck_assert_int_ge(peer, 0);
	close(peer);
	close(fd);
}
END_TEST

/* Its queue is full, so it refuses to connect for now; it lives. */
START_TEST(a_path_that_is_busy_is_left_alone)
{
	struct address address = resolve_one("unix:s");
	int fd = address_listen(&address, 0, error, sizeof(error));
	int peers[4];

	for (size_t i = 0; i < 4; i++) {
		peers[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(peers[i], (struct sockaddr *)&address.storage,
			address.length) < 0)
			ck_assert_int_eq(errno, EAGAIN);
	}
	ck_assert_int_eq(listen_at("unix:s"), -1);
	ck_assert_str_eq(
	    error, "cannot listen on unix:s: another process listens there");
	for (size_t i = 0; i < 4; i++)
		close(peers[i]);
	close(fd);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
	struct stat status;
	FILE *file = fopen("file", "w");

	fputs("dear to somebody", file);
	fclose(file);
	ck_assert_int_eq(listen_at("unix:file"), -1);
	ck_assert_str_eq(error,
	    "cannot listen on unix:file: there is a file "
	    "of this name that is no socket");
	ck_assert_int_eq(stat("file", &status), 0);
	ck_assert_int_eq(status.st_size, 16);
}
END_TEST

START_TEST(a_path_into_nowhere_is_an_error)
{
	ck_assert_int_eq(listen_at("unix:no/s"), -1);
	ck_assert_str_eq(
	    error, "cannot listen on unix:no/s: No such file or directory");
}
END_TEST

START_TEST(what_is_no_socket_has_no_address)
{
	char text[ADDRESS_TEXT_CHARS + 1];
	int fds[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(address_format_bound(fds[0], text), -1);
	ck_assert_int_eq(address_format_bound(fd, text), -1);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("address");
	TCase *texts = tcase_create("texts"),
	      *sockets = tcase_create("sockets");

	tcase_add_loop_test(
	    texts, what_is_written_wrong_is_explained, 0, COUNT(wrong));
	tcase_add_loop_test(
	    texts, what_is_written_right_is_taken, 0, COUNT(right));
	tcase_add_test(texts, a_path_or_a_host_has_a_longest);
	tcase_add_test(texts, an_ipv4_address_resolves_to_itself);
	tcase_add_test(texts, an_ipv6_address_resolves_to_itself);
	tcase_add_test(texts, a_unix_path_resolves_to_itself);
	tcase_add_test(texts, localhost_has_local_addresses_each_once);
	tcase_add_test(texts, a_name_that_nobody_has_is_an_error);
	tcase_add_loop_test(
	    texts, what_is_on_this_machine_is_told_apart, 0, COUNT(places));
	tcase_add_test(texts, beyond_this_machine_is_refused_with_reasons);
	suite_add_tcase(suite, texts);

	tcase_add_checked_fixture(sockets, make_directory, remove_directory);
	tcase_add_test(sockets, a_listening_socket_is_as_promised);
	tcase_add_test(sockets, the_kernels_port_is_told);
	tcase_add_test(sockets, ipv6_listens_for_ipv6_alone);
	tcase_add_test(sockets, a_port_in_use_is_an_error);
	tcase_add_test(sockets, a_port_just_left_can_be_had_again);
	tcase_add_test(sockets, an_address_of_another_machine_is_an_error);
	tcase_add_test(sockets, a_unix_socket_listens);
	tcase_add_test(sockets, a_path_that_was_left_behind_is_replaced);
	tcase_add_test(sockets, a_path_that_answers_is_left_alone);
	tcase_add_test(sockets, a_path_that_is_busy_is_left_alone);
	tcase_add_test(sockets, a_file_that_is_no_socket_is_left_alone);
	tcase_add_test(sockets, a_path_into_nowhere_is_an_error);
	tcase_add_test(sockets, what_is_no_socket_has_no_address);
	suite_add_tcase(suite, sockets);
	return suite_main(suite);
}
