/* The text for HdrHistogram's tools: columns that rise, and a sum that is so. */
#include "client/load_hgrm.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chance.h"
#include "tests/unit/suite.h"

static struct hdr hdr;
static char *text;
static size_t size;

static void
setup(void)
{
	ck_assert_int_eq(hdr_init(&hdr, HDR_FINE), 0);
}

static void
teardown(void)
{
	hdr_free(&hdr);
	free(text);
	text = NULL;
}

static void
write_text(void)
{
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	load_hgrm_write(&hdr, out);
	fclose(out);
}

START_TEST(one_value_is_written_so)
{
	hdr_add(&hdr, 1000);
	write_text();
	ck_assert_str_eq(text,
	    "       Value     Percentile TotalCount 1/(1-Percentile)\n"
	    "\n"
	    "    0.001000 1.000000000000          1\n"
	    "#[Mean    =     0.001000, StdDeviation   =     0.000000]\n"
	    "#[Max     =     0.001000, Total count    =            1]\n"
	    "#[Buckets =           36, SubBuckets     =         1024]\n");
}
END_TEST

START_TEST(nothing_is_written_so)
{
	write_text();
	ck_assert_ptr_nonnull(
	    strstr(text, "    0.000000 1.000000000000          0\n#["));
}
END_TEST

/* All columns rise, and each line says how many values it stands for. */
START_TEST(each_line_is_true)
{
	double last_value = 0, last_fraction = -1;
	uint64_t last_count = 0;
	unsigned n_lines = 0;
	struct chance chance;
	const char *line;

	chance_init(&chance, 1);
	for (unsigned i = 0; i < 100000; i++)
		hdr_add(&hdr, 1000 + chance_below(&chance, 1 << (10 + i % 20)));
	write_text();
	line = strchr(strchr(text, '\n') + 1, '\n') + 1;
	for (; *line != '#'; line = strchr(line, '\n') + 1, n_lines++) {
		double value, fraction, nines;
		uint64_t count;
		int n = sscanf(line, "%lf %lf %" SCNu64 " %lf", &value,
		    &fraction, &count, &nines);

		ck_assert_int_ge(n, 3);
		ck_assert_double_ge(value, last_value);
		ck_assert_double_gt(fraction, last_fraction);
		ck_assert_uint_ge(count, last_count);
		ck_assert_uint_eq(count,
		    hdr.count -
			hdr_count_above(&hdr, (uint64_t)(value * 1e6 + 0.5)));
		ck_assert_double_ge((double)count, fraction * 100000 - 1e-6);
		if (n == 4 && strchr(line, '\n')[-1] != ' ' && fraction < 1)
			ck_assert_double_eq_tol(nines * (1 - fraction), 1,
			    0.01 / nines + 0.01 * (1 - fraction) + 1e-4);
		last_value = value;
		last_fraction = fraction;
		last_count = count;
	}
	/* Five for each halving, down to one of 100,000. */
	ck_assert_uint_ge(n_lines, 5 * 15);
	ck_assert_uint_le(n_lines, 5 * 18 + 1);
	ck_assert_double_eq(last_fraction, 1);
	ck_assert_uint_eq(last_count, 100000);
	ck_assert_double_eq_tol(last_value, (double)hdr.max_ns / 1e6, 1e-6);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_hgrm");
	TCase *tcase = tcase_create("load_hgrm");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_value_is_written_so);
	tcase_add_test(tcase, nothing_is_written_so);
	tcase_add_test(tcase, each_line_is_true);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
