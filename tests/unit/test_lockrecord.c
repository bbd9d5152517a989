/*
 * Lock records: that the table of counters is the struct's, how records add up,
 * and whom a wait is blamed on.
 */
#include "proto/lockrecord.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

/* A counter under its name: at the ends and in the middle of the table. */
START_TEST(counters_are_the_structs)
{
	struct lock_record record = {.acquisitions = 1,
	    .missed = 2,
	    .io_ns = 3,
	    .longest_safepoint_ns = 4};
	unsigned found = 0;

	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		const char *name = lock_counters[i].name;
		uint64_t value = lock_record_get(&record, i);
		uint64_t expected = strcmp(name, "acquisitions") == 0 ? 1
		    : strcmp(name, "missed") == 0		      ? 2
		    : strcmp(name, "io_ns") == 0		      ? 3
		    : strcmp(name, "longest_safepoint_ns") == 0	      ? 4
								      : 0;

		ck_assert_msg(value == expected, "%s", name);
		found += expected != 0;
	}
	ck_assert_uint_eq(found, 4);
}
END_TEST

START_TEST(what_is_set_is_got)
{
	struct lock_record record = {0};

	for (size_t i = 0; i < LOCK_COUNTERS; i++)
		lock_record_set(&record, i, i + 1);
	for (size_t i = 0; i < LOCK_COUNTERS; i++)
		ck_assert_uint_eq(lock_record_get(&record, i), i + 1);
	ck_assert_uint_eq(record.acquisitions, 1);
	ck_assert_uint_eq(record.longest_safepoint_ns, LOCK_COUNTERS);
}
END_TEST

/* Sums, but of the longest the longer; the names tell which those are. */
START_TEST(records_add_up)
{
	struct lock_record sum = {0}, add = {0};

	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		lock_record_set(&sum, i, 100 + i);
		lock_record_set(&add, i, i % 2 == 0 ? 90 : 1000);
	}
	lock_record_add(&sum, &add);
	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		const char *name = lock_counters[i].name;
		bool is_longest = strncmp(name, "longest_", 8) == 0;
		uint64_t added = i % 2 == 0 ? 90 : 1000;
		uint64_t longer = i % 2 == 0 ? 100 + i : 1000;

		ck_assert_uint_eq(lock_record_get(&sum, i),
		    is_longest ? longer : 100 + i + added);
	}
}
END_TEST

START_TEST(histograms_merge_each_with_its_own)
{
	static struct lock_histograms sum, add;

	histogram_add(&sum.hold, 1);
	histogram_add(&add.hold, 1);
	histogram_add(&add.wait, 2);
	histogram_add(&add.io, 3);
	lock_histograms_merge(&sum, &add);
	ck_assert_uint_eq(sum.hold.counts[1], 2);
	ck_assert_uint_eq(sum.wait.counts[2], 1);
	ck_assert_uint_eq(sum.io.counts[3], 1);
}
END_TEST

START_TEST(labels_are_equal_in_all_their_parts)
{
	const struct lock_label label = {{1, 2}, 3};

	ck_assert(lock_label_equals(label, (struct lock_label){{1, 2}, 3}));
	ck_assert(!lock_label_equals(label, (struct lock_label){{0, 2}, 3}));
	ck_assert(!lock_label_equals(label, (struct lock_label){{1, 0}, 3}));
	ck_assert(!lock_label_equals(label, (struct lock_label){{1, 2}, 0}));
}
END_TEST

START_TEST(the_first_blockers_are_told_apart)
{
	struct lock_blame blame = {0};

	for (uint32_t round = 1; round <= 2; round++)
		for (uint32_t task = 0; task < LOCK_MAX_BLOCKERS + 3; task++)
			lock_blame_add(
			    &blame, (struct lock_label){{1, 2}, task}, 10);
	ck_assert_uint_eq(blame.n_blockers, LOCK_MAX_BLOCKERS);
	for (uint32_t i = 0; i < LOCK_MAX_BLOCKERS; i++) {
		ck_assert_uint_eq(blame.blockers[i].label.task, i);
		ck_assert_uint_eq(blame.blockers[i].wait_ns, 20);
	}
	ck_assert_uint_eq(blame.others_ns, 60);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lockrecord");
	TCase *tcase = tcase_create("lockrecord");

	tcase_add_test(tcase, counters_are_the_structs);
	tcase_add_test(tcase, what_is_set_is_got);
	tcase_add_test(tcase, records_add_up);
	tcase_add_test(tcase, histograms_merge_each_with_its_own);
	tcase_add_test(tcase, labels_are_equal_in_all_their_parts);
	tcase_add_test(tcase, the_first_blockers_are_told_apart);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
