/*
 * Giving root up. What needs root is tried by a forked child, and not at all
 * where the tests are run by somebody else.
 */
#include "config.h"

#include "daemon/privileges.h"

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define OTHER "nobody" /* whom every machine has */

static struct settings settings;
static char error[PRIVILEGES_ERROR_CHARS + 1];

static void
expect_refusal(const char *user, const char *words)
{
	snprintf(settings.user, sizeof(settings.user), "%s", user);
	ck_assert_int_eq(privileges_check(&settings, error), -1);
	ck_assert_msg(strstr(error, words) != NULL, "%s", error);
	ck_assert_int_eq(strncmp(error, "user: ", 6), 0);
	ck_assert_int_eq(privileges_drop(&settings, error), -1);
}

/* 0 when the child's body returned. */
static int
status_in_child(void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
require(int is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "not so: %s; %s\n", what, error);
	_exit(1);
}
#define REQUIRE(expression) require(expression, #expression)

START_TEST(nobody_is_named_nothing_happens)
{
	uid_t uid = getuid();

	ck_assert_int_eq(privileges_check(&settings, error), 0);
	ck_assert_int_eq(privileges_drop(&settings, error), 0);
	ck_assert_int_eq(privileges_give(&settings, "/no/such", error), 0);
	ck_assert_uint_eq(getuid(), uid);
}
END_TEST

START_TEST(who_is_not_there_is_named)
{
	expect_refusal("no-such-user", "there is no user \"no-such-user\"");
	expect_refusal(
	    OTHER ":no-such-group", "there is no group \"no-such-group\"");
	expect_refusal(OTHER ":", "there is no group \"\"");
	expect_refusal(":root", "there is no user \"\"");
}
END_TEST

START_TEST(root_does_not_become_root)
{
	if (geteuid() == 0)
		expect_refusal("root", "\"root\" is root");
}
END_TEST

START_TEST(others_can_only_stay_who_they_are)
{
	const struct passwd *own;

	if (geteuid() == 0)
		return;
	own = getpwuid(geteuid());
	expect_refusal("root", "only root can become \"root\"");
	if (own == NULL)
		return;
	ck_assert_ptr_nonnull(strstr(error, own->pw_name));
	snprintf(settings.user, sizeof(settings.user), "%s", own->pw_name);
	ck_assert_int_eq(privileges_check(&settings, error), 0);
	ck_assert_int_eq(privileges_drop(&settings, error), 0);
}
END_TEST

static void
become_other(void)
{
	const struct passwd *other = getpwnam(OTHER);
	uid_t uid = other->pw_uid;
	gid_t gid = other->pw_gid;
	gid_t groups[16];
	int n;

	REQUIRE(privileges_drop(&settings, error) == 0);
	REQUIRE(getuid() == uid && geteuid() == uid);
	REQUIRE(getgid() == gid && getegid() == gid);
	REQUIRE(setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0);
	n = getgroups(16, groups);
	for (int i = 0; i < n; i++)
		REQUIRE(groups[i] != 0);
	/* As a reload finds it, and one that wants somebody else. */
	REQUIRE(privileges_check(&settings, error) == 0);
	REQUIRE(privileges_drop(&settings, error) == 0);
	snprintf(settings.user, sizeof(settings.user), "root");
	REQUIRE(privileges_check(&settings, error) != 0);
	REQUIRE(strstr(error, "gild runs as \"" OTHER "\"") != NULL);
	REQUIRE(strstr(error, "become \"root\"") != NULL);
}

START_TEST(root_becomes_the_user_for_good)
{
	if (geteuid() != 0)
		return;
	snprintf(settings.user, sizeof(settings.user), OTHER);
	ck_assert_int_eq(status_in_child(become_other), 0);
}
END_TEST

static void
become_other_with_group(void)
{
	gid_t gid = getgrnam("daemon")->gr_gid;

	REQUIRE(privileges_drop(&settings, error) == 0);
	REQUIRE(getgid() == gid && getegid() == gid);
	REQUIRE(privileges_check(&settings, error) == 0);
	snprintf(settings.user, sizeof(settings.user), OTHER ":root");
	REQUIRE(privileges_check(&settings, error) != 0);
	REQUIRE(strstr(error, "in another group") != NULL);
}

START_TEST(a_group_that_is_named_is_taken)
{
	if (geteuid() != 0 || getgrnam("daemon") == NULL)
		return;
	snprintf(settings.user, sizeof(settings.user), OTHER ":daemon");
	ck_assert_int_eq(status_in_child(become_other_with_group), 0);
}
END_TEST

START_TEST(a_socket_is_given_and_no_link_followed)
{
	char folder[] = "/tmp/gild-privileges-XXXXXX", path[64], link[64];
	uid_t uid;
	struct stat status;
	FILE *file;

	if (geteuid() != 0)
		return;
	uid = getpwnam(OTHER)->pw_uid;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	ck_assert_int_eq(symlink(path, link), 0);
	snprintf(settings.user, sizeof(settings.user), OTHER);
	ck_assert_int_eq(privileges_give(&settings, link, error), 0);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	ck_assert_int_eq(privileges_give(&settings, path, error), 0);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, uid);
	remove(link);
	remove(path);
	ck_assert_int_eq(privileges_give(&settings, path, error), -1);
	ck_assert_ptr_nonnull(strstr(error, path));
	rmdir(folder);
}
END_TEST

static void
seal_itself(void)
{
	struct rlimit limit;

	REQUIRE(privileges_seal() == 0);
	REQUIRE(prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1);
#ifndef GILD_TRACEABLE
	REQUIRE(prctl(PR_GET_DUMPABLE) == 0);
	REQUIRE(getrlimit(RLIMIT_CORE, &limit) == 0);
	REQUIRE(limit.rlim_cur == 0 && limit.rlim_max == 0);
#else
	REQUIRE(prctl(PR_GET_DUMPABLE) == 1);
	(void)limit;
#endif
}

START_TEST(what_nobody_needs_is_given_up)
{
	ck_assert_int_eq(status_in_child(seal_itself), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("privileges");
	TCase *tcase = tcase_create("privileges");

	if (geteuid() != 0)
		puts("skipped: what only root can try");
	tcase_add_test(tcase, nobody_is_named_nothing_happens);
	tcase_add_test(tcase, who_is_not_there_is_named);
	tcase_add_test(tcase, root_does_not_become_root);
	tcase_add_test(tcase, others_can_only_stay_who_they_are);
	tcase_add_test(tcase, root_becomes_the_user_for_good);
	tcase_add_test(tcase, a_group_that_is_named_is_taken);
	tcase_add_test(tcase, a_socket_is_given_and_no_link_followed);
	tcase_add_test(tcase, what_nobody_needs_is_given_up);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
