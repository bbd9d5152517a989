/*
 * Memos: what is written comes out as it went in, whole or not at all, however
 * its bytes arrive; and what cannot be one is refused before it is allocated.
 */
#include "daemon/memo.h"

#include <check.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_jobs.h"
#include "tests/unit/suite.h"

static struct evbuffer *buffer;

static void
setup(void)
{
	buffer = evbuffer_new();
	ck_assert_ptr_nonnull(buffer);
}

static void
teardown(void)
{
	evbuffer_free(buffer);
}

static struct memo
make_memo(uint64_t number, size_t size)
{
	return (struct memo){
	    .kind = MEMO_ANSWER,
	    .outcome = MEMO_THERE,
	    .question = number,
	    .n = number + 1,
	    .size = size,
	    .job = make_job(number),
	};
}

/* The next one is this, and nothing of it is left. */
static void
expect_memo(struct evbuffer *from, uint64_t number, const char *text)
{
	struct memo memo;
	const char *difference;
	struct job_record job = make_job(number);
	char *behind;

	ck_assert_int_eq(memo_read(from, &memo, &behind), 1);
	ck_assert_int_eq(memo.kind, MEMO_ANSWER);
	ck_assert_int_eq(memo.outcome, MEMO_THERE);
	ck_assert_uint_eq(memo.question, number);
	ck_assert_uint_eq(memo.n, number + 1);
	difference = find_difference(&memo.job, &job);
	ck_assert_msg(difference == NULL, "differs: %s", difference);
	ck_assert_pstr_eq(behind, text);
	free(behind);
}

START_TEST(they_come_out_as_they_went_in)
{
	struct memo bare = make_memo(1, 0), with_text = make_memo(2, 5);

	ck_assert_int_eq(memo_write(buffer, &bare, NULL), 0);
	ck_assert_int_eq(memo_write(buffer, &with_text, "hello, not this"), 0);
	ck_assert_int_eq(memo_write(buffer, &bare, NULL), 0);
	expect_memo(buffer, 1, NULL);
	expect_memo(buffer, 2, "hello");
	expect_memo(buffer, 1, NULL);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
}
END_TEST

/* What is behind one may be anything, zeros too. */
START_TEST(bytes_are_bytes)
{
	static const char bytes[] = {'a', '\0', '\n', '\377', '\0'};
	struct memo memo = make_memo(1, sizeof(bytes));
	char *behind;

	ck_assert_int_eq(memo_write(buffer, &memo, bytes), 0);
	ck_assert_int_eq(memo_read(buffer, &memo, &behind), 1);
	ck_assert_uint_eq(memo.size, sizeof(bytes));
	ck_assert_mem_eq(behind, bytes, sizeof(bytes));
	ck_assert_int_eq(behind[sizeof(bytes)], '\0');
	free(behind);
}
END_TEST

START_TEST(half_a_memo_is_none_yet)
{
	struct memo sent = make_memo(7, 3), memo;
	struct evbuffer *arrived = evbuffer_new();
	char *behind;

	ck_assert_int_eq(memo_write(buffer, &sent, "xyz"), 0);
	while (evbuffer_get_length(buffer) > 0) {
		size_t length = evbuffer_get_length(arrived);

		ck_assert_int_eq(memo_read(arrived, &memo, &behind), 0);
		ck_assert_ptr_null(behind);
		/* What is there stays there. */
		ck_assert_uint_eq(evbuffer_get_length(arrived), length);
		ck_assert_int_eq(evbuffer_remove_buffer(buffer, arrived, 1), 1);
	}
	expect_memo(arrived, 7, "xyz");
	evbuffer_free(arrived);
}
END_TEST

START_TEST(a_size_beyond_the_bound_is_refused_at_once)
{
	struct memo memo = make_memo(1, 0);
	char *behind;

	memo.size = MEMO_MAX_BYTES + 1;
	ck_assert_int_eq(evbuffer_add(buffer, &memo, sizeof(memo)), 0);
	ck_assert_int_eq(memo_read(buffer, &memo, &behind), -1);
	ck_assert_ptr_null(behind);

	evbuffer_drain(buffer, evbuffer_get_length(buffer));
	memo.size = UINT64_MAX; /* no sum of it may wrap */
	ck_assert_int_eq(evbuffer_add(buffer, &memo, sizeof(memo)), 0);
	ck_assert_int_eq(memo_read(buffer, &memo, &behind), -1);

	evbuffer_drain(buffer, evbuffer_get_length(buffer));
	memo.size = MEMO_MAX_BYTES; /* it may still come */
	ck_assert_int_eq(evbuffer_add(buffer, &memo, sizeof(memo)), 0);
	ck_assert_int_eq(memo_read(buffer, &memo, &behind), 0);
}
END_TEST

/* The longest list that a client may ask for fits. */
START_TEST(a_full_list_fits)
{
	ck_assert_uint_le(1000 * sizeof(struct job_record), MEMO_MAX_BYTES);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    they_come_out_as_they_went_in,
	    bytes_are_bytes,
	    half_a_memo_is_none_yet,
	    a_size_beyond_the_bound_is_refused_at_once,
	    a_full_list_fits,
	};
	Suite *suite = suite_create("memo");
	TCase *tcase = tcase_create("memo");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
