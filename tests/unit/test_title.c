/*
 * Titles: what the kernel shows as the command line of this process. It is
 * read from /proc, where ps(1) reads it.
 */
#include "daemon/title.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static char **original, **copy;
static int n_arguments;
static char given_path[512]; /* $PATH before all */

/* The command line, with a | for each NUL, those at its end apart. */
static const char *
shown(void)
{
	static char text[4096];
	FILE *file = fopen("/proc/self/cmdline", "re");
	size_t length;

	ck_assert_ptr_nonnull(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	while (length > 0 && text[length - 1] == '\0')
		length--;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0')
			text[i] = '|';
	}
	text[length] = '\0';
	return text;
}

START_TEST(the_arguments_stay_until_there_is_a_title)
{
	ck_assert_ptr_ne(copy, original);
	ck_assert_ptr_null(copy[n_arguments]);
	for (int i = 0; i < n_arguments; i++)
		ck_assert_str_eq(copy[i], original[i]);
	ck_assert_ptr_nonnull(strstr(shown(), copy[0]));
}
END_TEST

START_TEST(a_title_replaces_the_command_line)
{
	char argument[512];

	snprintf(argument, sizeof(argument), "%s", copy[0]);
	title_set("worker %d (%s)", 3, "processes");
	ck_assert_str_eq(shown(), "gild: worker 3 (processes)");
	title_set_text("short");
	ck_assert_str_eq(shown(), "gild: short");
	title_set_text("");
	ck_assert_str_eq(shown(), "gild: ");
	/* What main() and getenv() have is somewhere else. */
	ck_assert_str_eq(copy[0], argument);
	ck_assert_str_eq(getenv("PATH"), given_path);
}
END_TEST

START_TEST(a_long_title_is_cut)
{
	char text[4 * TITLE_CHARS];
	const char *cut;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	title_set_text(text);
	cut = shown();
	/* By as much room as there was, if arguments and environment are few. */
	ck_assert_uint_le(strlen(cut), strlen("gild: ") + TITLE_CHARS);
	ck_assert_uint_gt(strlen(cut), strlen("gild: "));
	ck_assert_uint_eq(strspn(cut + strlen("gild: "), "x"),
	    strlen(cut) - strlen("gild: "));
	title_set("%s%s", text, text);
	ck_assert_str_eq(shown(), cut);
	title_set_text("y");
	ck_assert_str_eq(shown(), "gild: y");
}
END_TEST

int
main(int argc, char *argv[])
{
	Suite *suite = suite_create("title");
	TCase *tcase = tcase_create("title");

	snprintf(given_path, sizeof(given_path), "%s", getenv("PATH"));
	original = argv;
	n_arguments = argc;
	copy = title_init(argc, argv);
	tcase_add_test(tcase, the_arguments_stay_until_there_is_a_title);
	tcase_add_test(tcase, a_title_replaces_the_command_line);
	tcase_add_test(tcase, a_long_title_is_cut);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
