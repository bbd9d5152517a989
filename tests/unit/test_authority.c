/*
 * Who may give orders. The clients are children of the test, with other users
 * where the test may change into them.
 */
#include "daemon/authority.h"

#include <grp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define STRANGER 65534
#define MEMBERS 54321 /* a group that nobody need have */

static struct rpc_error error;

static bool
is_allowed(int fd)
{
	memset(&error, 0, sizeof(error));
	if (authority_check(fd, &error) == 0)
		return true;
	ck_assert_int_eq(error.kind, RPC_FORBIDDEN);
	return false;
}

/* A client of this user and these groups: the server's end of its connection.
 * It lives no longer than that: the kernel keeps who it was. */
static int
connect_as(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd, status;
	socklen_t size = sizeof(address);
	pid_t pid;

	/* The kernel chooses an abstract name. */
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address,
			     sizeof(address.sun_family)),
	    0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&address, &size), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(setgroups(n_groups, groups) == 0 && setgid(gid) == 0 &&
			    setuid(uid) == 0 &&
			    connect(fd, (struct sockaddr *)&address, size) == 0
			? 0
			: 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	close(listener);
	return fd;
}

/* Gild is one that this user and group run, neither of them root. */
static void
become_gild(void)
{
	ck_assert_int_eq(setegid(MEMBERS), 0);
	ck_assert_int_eq(seteuid(4711), 0);
}

/* And root's again: a sanitizer that looks for leaks has to be dumpable. */
static void
become_root(void)
{
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1L), 0);
}

START_TEST(gilds_own_user_may)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert(is_allowed(ends[0]));
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(nobody_may_over_tcp)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0), fd;
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&address, &size), 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, size), 0);
	fd = accept(listener, NULL, NULL);
	ck_assert(!is_allowed(fd));
	ck_assert_ptr_nonnull(strstr(error.detail, "Unix socket"));
	close(fd);
	close(client);
	close(listener);
}
END_TEST

START_TEST(what_is_no_socket_may_not)
{
	ck_assert(!is_allowed(-1));
	ck_assert(!is_allowed(STDIN_FILENO));
}
END_TEST

/* What follows needs to become somebody else. */

START_TEST(root_may_and_a_stranger_may_not)
{
	char expected[64];
	int fd;

	if (geteuid() != 0)
		return;
	fd = connect_as(STRANGER, STRANGER, NULL, 0);
	ck_assert(!is_allowed(fd));
	snprintf(expected, sizeof(expected), "user %d may not", STRANGER);
	ck_assert_ptr_nonnull(strstr(error.detail, expected));
	close(fd);
	fd = connect_as(0, STRANGER, NULL, 0);
	become_gild();
	ck_assert(is_allowed(fd));
	become_root();
	close(fd);
}
END_TEST

START_TEST(members_of_gilds_group_may)
{
	static const gid_t with[] = {7, MEMBERS, 9}, without[] = {7, 8, 9};
	int fds[4];

	if (geteuid() != 0)
		return;
	fds[0] = connect_as(STRANGER, MEMBERS, NULL, 0);
	fds[1] = connect_as(STRANGER, STRANGER, with, 3);
	fds[2] = connect_as(STRANGER, STRANGER, without, 3);
	fds[3] = connect_as(STRANGER, STRANGER, NULL, 0);
	become_gild();
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(is_allowed(fds[i]), i < 2);
		close(fds[i]);
	}
	become_root();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("authority");
	TCase *tcase = tcase_create("authority");

	tcase_add_test(tcase, gilds_own_user_may);
	tcase_add_test(tcase, nobody_may_over_tcp);
	tcase_add_test(tcase, what_is_no_socket_may_not);
	tcase_add_test(tcase, root_may_and_a_stranger_may_not);
	tcase_add_test(tcase, members_of_gilds_group_may);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
