/* Tables: columns, headings, what is harmless, and what ends no line. */
#include "client/table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct table *table;
static struct term term;
static char *text;
static size_t size;

static void
setup(void)
{
	table = table_new();
	ck_assert_ptr_nonnull(table);
	term = (struct term){
	    .stream = open_memstream(&text, &size), .columns = 80};
	ck_assert_ptr_nonnull(term.stream);
}

static void
teardown(void)
{
	fclose(term.stream);
	free(text);
	table_free(table);
}

static const char *
printed(void)
{
	ck_assert_int_eq(table_print(table, &term), 0);
	fflush(term.stream);
	return text;
}

START_TEST(words_go_left_and_figures_right)
{
	table_column(table, TABLE_LEFT, "name");
	table_column(table, TABLE_RIGHT, "n");
	table_cell(table, "a");
	table_cell(table, "%d", 1);
	table_cell(table, "longer");
	table_cell(table, "%d", 1000);
	ck_assert_str_eq(printed(),
	    "  name       n\n"
	    "  a          1\n"
	    "  longer  1000\n");
}
END_TEST

START_TEST(no_line_ends_in_blanks)
{
	table_column(table, TABLE_LEFT, "a");
	table_column(table, TABLE_LEFT, "long heading");
	table_column(table, TABLE_RIGHT, "");
	table_cell(table, "x");
	table_cell(table, "y");
	table_cell(table, "%s", "");
	ck_assert_str_eq(printed(),
	    "  a  long heading\n"
	    "  x  y\n");
}
END_TEST

START_TEST(an_empty_cell_keeps_its_column)
{
	table_column(table, TABLE_RIGHT, "one");
	table_column(table, TABLE_LEFT, "two");
	table_column(table, TABLE_RIGHT, "three");
	table_cell(table, "%s", "");
	table_cell(table, "%s", "");
	table_cell(table, "3");
	ck_assert_str_eq(printed(),
	    "  one  two  three\n"
	    "                3\n");
}
END_TEST

START_TEST(without_headings_there_is_no_line_for_them)
{
	table_column(table, TABLE_LEFT, "");
	table_column(table, TABLE_RIGHT, "");
	table_cell(table, "a");
	table_cell(table, "1");
	ck_assert_str_eq(printed(), "  a  1\n");
}
END_TEST

START_TEST(characters_count_and_not_bytes)
{
	table_column(table, TABLE_RIGHT, "x");
	table_column(table, TABLE_RIGHT, "y");
	table_cell(table, "\u2588\u2588");
	table_cell(table, "1");
	table_cell(table, "a");
	table_cell(table, "2");
	ck_assert_str_eq(printed(),
	    "   x  y\n"
	    "  \u2588\u2588  1\n"
	    "   a  2\n");
}
END_TEST

START_TEST(control_characters_are_harmless)
{
	table_column(table, TABLE_LEFT, "a\033");
	table_cell(table, "%s", "red\033[31m\r\n\177.");
	table_cell(table, "%s",
	    "\302\233"
	    "31m \302\240 \u00e9");
	ck_assert_str_eq(printed(),
	    "  a?\n  red?[31m???.\n"
	    "  ??31m \u00a0 \u00e9\n");
}
END_TEST

START_TEST(many_rows_fit)
{
	const char *at;

	table_column(table, TABLE_RIGHT, "n");
	for (int i = 0; i < 1000; i++)
		table_cell(table, "%d", i);
	at = printed();
	ck_assert_ptr_nonnull(strstr(at, "\n    0\n"));
	ck_assert_ptr_nonnull(strstr(at, "\n  999\n"));
}
END_TEST

START_TEST(too_many_columns_are_told)
{
	for (int i = 0; i <= TABLE_MAX_COLUMNS; i++)
		table_column(table, TABLE_LEFT, "x");
	table_cell(table, "y");
	ck_assert_int_eq(table_print(table, &term), -1);
	fflush(term.stream);
	ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(no_table_is_borne)
{
	table_column(NULL, TABLE_LEFT, "x");
	table_cell(NULL, "y");
	ck_assert_int_eq(table_print(NULL, &term), -1);
	table_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, words_go_left_and_figures_right);
	tcase_add_test(tcase, no_line_ends_in_blanks);
	tcase_add_test(tcase, an_empty_cell_keeps_its_column);
	tcase_add_test(tcase, without_headings_there_is_no_line_for_them);
	tcase_add_test(tcase, characters_count_and_not_bytes);
	tcase_add_test(tcase, control_characters_are_harmless);
	tcase_add_test(tcase, many_rows_fit);
	tcase_add_test(tcase, too_many_columns_are_told);
	tcase_add_test(tcase, no_table_is_borne);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
