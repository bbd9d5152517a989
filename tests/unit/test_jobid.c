/*
 * Job ids: ULIDs as the specification writes them, in order, unique, and read
 * back however a human typed them.
 */
#include "proto/jobid.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

START_TEST(ids_are_written_as_ulids)
{
	static const struct {
		struct job_id id;
		const char *text;
	} cases[] = {
	    {{0, 0}, "00000000000000000000000000"},
	    {{0, 1}, "00000000000000000000000001"},
	    {{0, 31}, "0000000000000000000000000Z"},
	    {{0, UINT64_MAX}, "0000000000000FZZZZZZZZZZZZ"},
	    {{1, 0}, "0000000000000G000000000000"},
	    {{UINT64_MAX, UINT64_MAX}, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"},
	    /* The specification's example: 01ARZ3NDEK is its time. */
	    {{UINT64_C(1469922850259) << 16 | 0xd3fd, 0},
		"01ARZ3NDEKTFYG000000000000"},
	};
	char text[JOB_ID_CHARS + 1];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct job_id id;

		job_id_format(cases[i].id, text);
		ck_assert_str_eq(text, cases[i].text);
		ck_assert_int_eq(job_id_parse(text, &id), 0);
		ck_assert(job_id_equals(id, cases[i].id));
	}
}
END_TEST

START_TEST(an_id_names_its_frontend_and_time)
{
	struct job_id_source source;
	struct job_id id;

	ck_assert_int_eq(job_id_source_init(&source, 63), 0);
	id = job_id_next(&source, 1700000000123);
	ck_assert_uint_eq(job_id_frontend(id), 63);
	ck_assert_uint_eq(id.high >> 16, 1700000000123);
}
END_TEST

/* a is before b, as numbers and as text. */
static void
expect_ascending(struct job_id a, struct job_id b)
{
	char a_text[JOB_ID_CHARS + 1], b_text[JOB_ID_CHARS + 1];

	ck_assert(a.high < b.high || (a.high == b.high && a.low < b.low));
	job_id_format(a, a_text);
	job_id_format(b, b_text);
	ck_assert_int_lt(strcmp(a_text, b_text), 0);
	ck_assert(!job_id_equals(a, b));
}

START_TEST(ids_ascend_within_a_millisecond)
{
	struct job_id_source source;
	struct job_id last, next;

	ck_assert_int_eq(job_id_source_init(&source, 0), 0);
	last = job_id_next(&source, 1000);
	for (int i = 0; i < 1000; i++) {
		next = job_id_next(&source, 1000);
		expect_ascending(last, next);
		last = next;
	}
}
END_TEST

START_TEST(ids_ascend_when_the_clock_is_set_back)
{
	struct job_id_source source;
	struct job_id first, second, third;

	ck_assert_int_eq(job_id_source_init(&source, 0), 0);
	first = job_id_next(&source, 1000);
	second = job_id_next(&source, 500);
	third = job_id_next(&source, 1001);
	expect_ascending(first, second);
	expect_ascending(second, third);
	ck_assert_uint_eq(second.high >> 16, 1000);
}
END_TEST

START_TEST(ids_ascend_when_the_counter_comes_round)
{
	struct job_id_source source;
	struct job_id first, second;

	ck_assert_int_eq(job_id_source_init(&source, 0), 0);
	source.counter = UINT32_MAX - 1;
	first = job_id_next(&source, 1000);
	second = job_id_next(&source, 1000);
	ck_assert_uint_eq(first.low & UINT32_MAX, UINT32_MAX);
	ck_assert_uint_eq(second.low & UINT32_MAX, 0);
	expect_ascending(first, second);
}
END_TEST

START_TEST(sources_differ_by_chance)
{
	struct job_id_source a, b;

	ck_assert_int_eq(job_id_source_init(&a, 1), 0);
	ck_assert_int_eq(job_id_source_init(&b, 1), 0);
	/* Equal once in 2^40 runs. */
	ck_assert(!job_id_equals(job_id_next(&a, 1), job_id_next(&b, 1)));
	ck_assert_uint_eq(a.chance >> 40, 0);
}
END_TEST

START_TEST(a_time_beyond_48_bits_is_not_taken)
{
	struct job_id_source source;
	struct job_id id;

	ck_assert_int_eq(job_id_source_init(&source, 5), 0);
	id = job_id_next(&source, (UINT64_C(1) << 48) + 7);
	ck_assert_uint_eq(id.high >> 16, 0);
	ck_assert_uint_eq(job_id_frontend(id), 5);
}
END_TEST

START_TEST(look_alikes_are_read)
{
	struct job_id id, same;

	ck_assert_int_eq(job_id_parse("01ARZ3NDEKTSV4RRFFQ69G5FAV", &id), 0);
	ck_assert_int_eq(job_id_parse("01arz3ndektsv4rrffq69g5fav", &same), 0);
	ck_assert(job_id_equals(id, same));
	ck_assert_int_eq(job_id_parse("oIARZ3NDEKTSV4RRFFQ69G5FAV", &same), 0);
	ck_assert(job_id_equals(id, same));
	ck_assert_int_eq(job_id_parse("OlARZ3NDEKTSV4RRFFQ69G5FAV", &same), 0);
	ck_assert(job_id_equals(id, same));
	ck_assert_int_eq(job_id_parse("0LARZ3NDEKTSV4RRFFQ69G5FAV", &same), 0);
	ck_assert(job_id_equals(id, same));
	ck_assert_int_eq(job_id_parse("0iARZ3NDEKTSV4RRFFQ69G5FAV", &same), 0);
	ck_assert(job_id_equals(id, same));
}
END_TEST

START_TEST(other_text_is_no_id)
{
	static const char *const texts[] = {
	    "",
	    "0",
	    "01ARZ3NDEKTSV4RRFFQ69G5FA",   /* one short */
	    "01ARZ3NDEKTSV4RRFFQ69G5FAVX", /* one over */
	    "01ARZ3NDEKTSV4RRFFQ69G5FAU",  /* Crockford has no U */
	    "01ARZ3NDEKTSV4RRFFQ69G5FA-",
	    "01ARZ3NDEKTSV4RRFFQ69G5FA ",
	    "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", /* over 128 bits */
	    "\303\251ARZ3NDEKTSV4RRFFQ69G5FAV",
	};
	struct job_id id = {1, 2};

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(job_id_parse(texts[i], &id), -1);
		ck_assert_uint_eq(id.high, 1);
		ck_assert_uint_eq(id.low, 2);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jobid");
	TCase *tcase = tcase_create("jobid");

	tcase_add_test(tcase, ids_are_written_as_ulids);
	tcase_add_test(tcase, an_id_names_its_frontend_and_time);
	tcase_add_test(tcase, ids_ascend_within_a_millisecond);
	tcase_add_test(tcase, ids_ascend_when_the_clock_is_set_back);
	tcase_add_test(tcase, ids_ascend_when_the_counter_comes_round);
	tcase_add_test(tcase, sources_differ_by_chance);
	tcase_add_test(tcase, a_time_beyond_48_bits_is_not_taken);
	tcase_add_test(tcase, look_alikes_are_read);
	tcase_add_test(tcase, other_text_is_no_id);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
