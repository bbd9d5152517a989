/* Where settings come from: defaults, a file, the command line, in that order. */
#include "daemon/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define FILE_NAME "test_configuration.conf"

static struct configuration configuration;
static struct settings settings;
static char error[OPTIONS_ERROR_CHARS + 1];

static void
write_file(const char *text)
{
	FILE *file = fopen(FILE_NAME, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	configuration.file = FILE_NAME;
}

static void
setup(void)
{
	configuration = (struct configuration){.file = NULL};
	error[0] = '\0';
}

static void
teardown(void)
{
	remove(FILE_NAME);
}

static void
take(void)
{
	ck_assert_msg(configuration_read(&configuration, &settings, error) == 0,
	    "%s", error);
}

static void
refuse(const char *expected)
{
	ck_assert_int_eq(
	    configuration_read(&configuration, &settings, error), -1);
	ck_assert_msg(strstr(error, expected) != NULL, "%s", error);
}

START_TEST(without_a_word_there_are_the_defaults)
{
	take();
	ck_assert_uint_eq(settings.frontends, 2);
	ck_assert_uint_eq(settings.n_listen, 1);
	ck_assert_str_eq(settings.listen[0], SETTINGS_DEFAULT_LISTEN);
	ck_assert_uint_eq(settings.n_pools, 2);
	settings_free(&settings);
}
END_TEST

START_TEST(the_service_manager_may_name_the_state_directory)
{
	char words[][24] = {"state_dir=/elsewhere"};
	char *overrides[] = {words[0]};

	setenv("STATE_DIRECTORY", "/var/lib/gild:/var/lib/more", 1);
	take();
	ck_assert_str_eq(settings.state_dir, "/var/lib/gild");
	settings_free(&settings);

	configuration.overrides = overrides;
	configuration.n_overrides = COUNT(overrides);
	take();
	ck_assert_str_eq(settings.state_dir, "/elsewhere");
	settings_free(&settings);
	configuration.n_overrides = 0;

	unsetenv("STATE_DIRECTORY");
	take();
	ck_assert_str_eq(settings.state_dir, "");
	settings_free(&settings);
}
END_TEST

START_TEST(the_command_line_has_the_last_word)
{
	char words[][24] = {"frontends=5", "pool.mine.size=7",
	    "drain_timeout=1s", "drain_timeout=2s"};
	char *overrides[] = {words[0], words[1], words[2], words[3]};

	write_file("listen = {\"127.0.0.1:1\", \"127.0.0.1:2\"}\n"
		   "frontends = 3\nmax_jobs = 4\n"
		   "pool \"mine\" { kind = processes size = 6 }\n");
	take();
	ck_assert_uint_eq(settings.frontends, 3);
	ck_assert_uint_eq(settings.n_listen, 2);
	settings_free(&settings);

	configuration.overrides = overrides;
	configuration.n_overrides = COUNT(overrides);
	configuration.listen[0] = "127.0.0.1:9";
	configuration.n_listen = 1;
	take();
	ck_assert_uint_eq(settings.frontends, 5);
	ck_assert_uint_eq(settings.max_jobs, 4);
	ck_assert_uint_eq(settings.drain_timeout_ns, UINT64_C(2000000000));
	ck_assert_uint_eq(settings.n_pools, 1);
	ck_assert_uint_eq(settings.pools[0].size, 7);
	ck_assert_uint_eq(settings.n_listen, 1);
	ck_assert_str_eq(settings.listen[0], "127.0.0.1:9");
	settings_free(&settings);
}
END_TEST

START_TEST(it_is_read_anew_each_time)
{
	write_file("frontends = 3\n");
	take();
	settings_free(&settings);
	write_file("max_jobs = 9\n");
	take();
	ck_assert_uint_eq(settings.frontends, 2); /* no memory of the 3 */
	ck_assert_uint_eq(settings.max_jobs, 9);
	settings_free(&settings);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_place)
{
	char word[] = "frontends=none";
	char *overrides[] = {word};

	write_file("frontends = 3\nfrontend = 4\n");
	refuse(FILE_NAME ":2: ");
	refuse("did you mean \"frontends\"?");
	write_file("");
	configuration.overrides = overrides;
	configuration.n_overrides = 1;
	refuse("frontends: must be an integer");
	configuration.n_overrides = 0;
	configuration.listen[0] = "nonsense";
	configuration.n_listen = 1;
	refuse("nonsense");
	configuration.n_listen = 0;
	configuration.file = "/no/such/file";
	refuse("/no/such/file");
}
END_TEST

START_TEST(addresses_are_checked_without_listening)
{
	configuration.listen[0] = "127.0.0.1:1";
	configuration.listen[1] = "0.0.0.0:0";
	configuration.n_listen = 1;
	take();
	ck_assert_int_eq(configuration_check_addresses(&settings, error), 0);
	settings_free(&settings);
	configuration.n_listen = 2;
	take();
	ck_assert_int_eq(configuration_check_addresses(&settings, error), -1);
	ck_assert_msg(strstr(error, "allow_remote") != NULL, "%s", error);
	settings.allow_remote = true;
	ck_assert_int_eq(configuration_check_addresses(&settings, error), 0);
	settings_free(&settings);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("configuration");
	TCase *tcase = tcase_create("configuration");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, without_a_word_there_are_the_defaults);
	tcase_add_test(tcase, the_service_manager_may_name_the_state_directory);
	tcase_add_test(tcase, the_command_line_has_the_last_word);
	tcase_add_test(tcase, it_is_read_anew_each_time);
	tcase_add_test(tcase, what_is_wrong_is_said_with_its_place);
	tcase_add_test(tcase, addresses_are_checked_without_listening);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
