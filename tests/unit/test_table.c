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
printed_as(enum format format)
{
	ck_assert_int_eq(table_print(table, format, &term), 0);
	fflush(term.stream);
	return text;
}

static const char *
printed(void)
{
	return printed_as(FORMAT_TEXT);
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

START_TEST(a_table_may_be_printed_row_by_row)
{
	struct table *more = table_new();

	table_column(table, TABLE_LEFT, "a");
	table_column_widen(table, 4);
	table_column(table, TABLE_RIGHT, "b");
	table_cell(table, "x");
	table_cell(table, "1");
	table_note(table, "why\n");
	table_column(more, TABLE_LEFT, "a");
	table_column_widen(more, 4);
	table_column(more, TABLE_RIGHT, "b");
	table_cell(more, "y");
	table_cell(more, "2");
	printed();
	ck_assert_int_eq(table_print_rows(more, FORMAT_TEXT, &term), 0);
	ck_assert_int_eq(table_print_rows(more, FORMAT_CSV, &term), 0);
	ck_assert_int_eq(table_print_rows(more, FORMAT_MARKDOWN, &term), 0);
	table_free(more);
	fflush(term.stream);
	ck_assert_str_eq(text,
	    "  a     b\n"
	    "  x     1\n"
	    "    why?\n"
	    "  y     2\n"
	    "y,2\n"
	    "| y    |   2 |\n");
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
	ck_assert_int_eq(table_print(table, FORMAT_TEXT, &term), -1);
	fflush(term.stream);
	ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(no_table_is_borne)
{
	table_column(NULL, TABLE_LEFT, "x");
	table_cell(NULL, "y");
	table_count(NULL, 1, "1");
	table_real(NULL, 1, "1");
	table_word(NULL, "y", "y");
	ck_assert_int_eq(table_print(NULL, FORMAT_TEXT, &term), -1);
	table_free(NULL);
}
END_TEST

/* A table with all there is: words, figures, what is for machines alone. */
static void
fill(void)
{
	table_column(table, TABLE_LEFT, "The Pool");
	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
	table_column_named(table, TABLE_MACHINE, "", "low_ns");
	table_column_named(table, TABLE_LEFT, "remark", NULL);
	table_column_named(table, TABLE_RIGHT, "ratio", "ratio");
	table_word(table, "threads", "%s", "threads, one lock");
	table_count(table, UINT64_MAX, "%s", "1.00 ms");
	table_count(table, 7, "%s", "7");
	table_cell(table, "a|b <c>");
	table_real(table, 0.125, "%.1fx", 0.125);
	table_cell(table, "processes");
	table_count(table, 20, "20 ns");
	table_cell(table, "%s", "");
	table_cell(table, "-");
	table_real(table, 0.0 / 0.0, "-");
}

START_TEST(people_do_not_see_what_is_for_machines)
{
	fill();
	ck_assert_str_eq(printed(),
	    "  The Pool              wall  remark   ratio\n"
	    "  threads, one lock  1.00 ms  a|b <c>   0.1x\n"
	    "  processes            20 ns  -            -\n");
}
END_TEST

START_TEST(csv_has_the_figures_themselves)
{
	fill();
	ck_assert_str_eq(printed_as(FORMAT_CSV),
	    "the_pool,wall_ns,low_ns,ratio\n"
	    "threads,18446744073709551615,7,0.125\n"
	    "processes,20,,\n");
}
END_TEST

/* RFC 4180, section 2: 5 to 7. */
START_TEST(csv_quotes_what_it_must)
{
	table_column(table, TABLE_LEFT, "a");
	table_column(table, TABLE_LEFT, "b");
	table_cell(table, "%s", "one, two");
	table_cell(table, "%s", "say \"no\"");
	table_word(table, "two\nlines", "%s", "x");
	table_cell(table, "%s", "plain; 'text'");
	ck_assert_str_eq(printed_as(FORMAT_CSV),
	    "a,b\n"
	    "\"one, two\",\"say \"\"no\"\"\"\n"
	    "\"two\nlines\",plain; 'text'\n");
}
END_TEST

START_TEST(markdown_has_what_people_read)
{
	fill();
	ck_assert_str_eq(printed_as(FORMAT_MARKDOWN),
	    "| The Pool          |    wall | remark    | ratio |\n"
	    "| ----------------- | ------: | --------- | ----: |\n"
	    "| threads, one lock | 1.00 ms | a\\|b \\<c> |  0.1x |\n"
	    "| processes         |   20 ns | -         |     - |\n");
}
END_TEST

START_TEST(markdown_has_headings_even_if_they_are_empty)
{
	table_column(table, TABLE_LEFT, "");
	table_column(table, TABLE_RIGHT, "");
	table_cell(table, "a");
	ck_assert_str_eq(printed_as(FORMAT_MARKDOWN),
	    "|     |     |\n"
	    "| --- | --: |\n"
	    "| a   |     |\n");
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
	tcase_add_test(tcase, a_table_may_be_printed_row_by_row);
	tcase_add_test(tcase, an_empty_cell_keeps_its_column);
	tcase_add_test(tcase, without_headings_there_is_no_line_for_them);
	tcase_add_test(tcase, characters_count_and_not_bytes);
	tcase_add_test(tcase, control_characters_are_harmless);
	tcase_add_test(tcase, many_rows_fit);
	tcase_add_test(tcase, too_many_columns_are_told);
	tcase_add_test(tcase, no_table_is_borne);
	tcase_add_test(tcase, people_do_not_see_what_is_for_machines);
	tcase_add_test(tcase, csv_has_the_figures_themselves);
	tcase_add_test(tcase, csv_quotes_what_it_must);
	tcase_add_test(tcase, markdown_has_what_people_read);
	tcase_add_test(tcase, markdown_has_headings_even_if_they_are_empty);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
