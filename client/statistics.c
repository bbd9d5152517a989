/*
 * A bootstrap draws indices into the sorted values, and finds the median of a
 * sample by counting how often each was drawn: no sample is ever sorted, and n
 * values cost n steps a sample. The chance is seeded anew for each estimate, so
 * an estimate depends on nothing but its values.
 *
 * The exact distribution of U follows Mann and Whitney's own recurrence, in
 * probabilities: of m and n values, the greatest is one of the m with
 * probability m / (m + n), and then beats all n.
 *
 * Pure.
 */
#include "client/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/chance.h"

#define SEED UINT64_C(20070516)
#define MAX_EXACT 50 /* values in a sample; from here on approximated */

static int
compare_values(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Of values that are sorted. */
static double
find_quantile(const double values[], size_t n, double fraction)
{
	double place = fraction * (double)(n - 1);
	size_t below = (size_t)place;
	double part = place - (double)below;

	if (below + 1 >= n)
		return values[n - 1];
	return values[below] + part * (values[below + 1] - values[below]);
}

double
statistics_quantile(double values[], size_t n, double fraction)
{
	qsort(values, n, sizeof(values[0]), compare_values);
	return find_quantile(values, n, fraction);
}

double
statistics_median(double values[], size_t n)
{
	return statistics_quantile(values, n, 0.5);
}

/* What is resampled: sorted values, and how often each one was drawn. */
struct urn {
	double *values;
	unsigned *drawn;
	size_t n;
};

static void
urn_free(struct urn *urn)
{
	free(urn->values);
	free(urn->drawn);
}

/* 0, or -1 with nothing to be freed. */
static int
urn_fill(struct urn *urn, const double values[], size_t n)
{
	*urn = (struct urn){.n = n};
	if (n == 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
			return -1;
	urn->values = calloc(n, sizeof(*urn->values));
	urn->drawn = calloc(n, sizeof(*urn->drawn));
	if (urn->values == NULL || urn->drawn == NULL) {
		urn_free(urn);
		return -1;
	}
	memcpy(urn->values, values, n * sizeof(*values));
	qsort(urn->values, n, sizeof(*urn->values), compare_values);
	return 0;
}

/* The median of n values drawn with replacement. */
static double
urn_draw_median(struct urn *urn, struct chance *chance)
{
	size_t seen = 0, i = 0;
	double low;

	memset(urn->drawn, 0, urn->n * sizeof(*urn->drawn));
	for (size_t k = 0; k < urn->n; k++)
		urn->drawn[chance_below(chance, urn->n)]++;
	while ((seen += urn->drawn[i]) <= (urn->n - 1) / 2)
		i++;
	low = urn->values[i];
	while (seen <= urn->n / 2)
		seen += urn->drawn[++i];
	return low + (urn->values[i] - low) / 2;
}

/* The median of `above`, over that of `below` where there is one. */
static int
estimate(struct urn *above, struct urn *below, struct estimate *out)
{
	double *drawn = calloc(STATISTICS_RESAMPLES, sizeof(*drawn));
	double tail = (1 - STATISTICS_CONFIDENCE) / 2;
	struct chance chance;

	if (drawn == NULL)
		return -1;
	chance_init(&chance, SEED);
	for (size_t i = 0; i < STATISTICS_RESAMPLES; i++) {
		drawn[i] = urn_draw_median(above, &chance);
		if (below != NULL)
			drawn[i] /= urn_draw_median(below, &chance);
	}
	out->value = find_quantile(above->values, above->n, 0.5);
	if (below != NULL)
		out->value /= find_quantile(below->values, below->n, 0.5);
	out->low = statistics_quantile(drawn, STATISTICS_RESAMPLES, tail);
	out->high = find_quantile(drawn, STATISTICS_RESAMPLES, 1 - tail);
	free(drawn);
	return 0;
}

int
statistics_estimate_median(
    const double values[], size_t n, struct estimate *median)
{
	struct urn urn;
	int status;

	if (urn_fill(&urn, values, n) == -1)
		return -1;
	status = estimate(&urn, NULL, median);
	urn_free(&urn);
	return status;
}

int
statistics_estimate_ratio(const double above[], size_t n_above,
    const double below[], size_t n_below, struct estimate *ratio)
{
	struct urn over, under;
	int status = -1;

	if (urn_fill(&over, above, n_above) == -1)
		return -1;
	if (urn_fill(&under, below, n_below) == -1)
		goto out;
	if (under.values[0] > 0)
		status = estimate(&over, &under, ratio);
	urn_free(&under);
out:
	urn_free(&over);
	return status;
}

/* A value, and whose it is. */
struct ranked {
	double value;
	bool is_of_a;
};

static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a;
	const struct ranked *right = b;

	return compare_values(&left->value, &right->value);
}

/*
 * a's U from the values of both, sorted. *tied becomes the sum of t^3 - t over
 * the groups of t equal values.
 */
static double
sum_ranks(const struct ranked values[], size_t n, size_t n_a, double *tied)
{
	double sum = 0;

	*tied = 0;
	for (size_t i = 0, end; i < n; i = end) {
		size_t n_of_a = 0;
		double t;

		for (end = i; end < n && values[end].value == values[i].value;
		     end++)
			n_of_a += values[end].is_of_a;
		/* Equal values share the ranks i + 1 .. end. */
		sum += (double)n_of_a * (double)(i + 1 + end) / 2;
		t = (double)(end - i);
		*tied += t * t * t - t;
	}
	return sum - (double)n_a * (double)(n_a + 1) / 2;
}

/* P(U <= u) of n_a and n_b different values; -1 when memory ran out. */
static double
exact_below(size_t n_a, size_t n_b, size_t u)
{
	size_t room = n_a * n_b + 1;
	/* At [j]: the distribution for j of b's values, and as many of a's as
	   the loop has come to. */
	double *chances = calloc((n_b + 1) * room, sizeof(*chances));
	double sum = 0;

	if (chances == NULL)
		return -1;
	for (size_t j = 0; j <= n_b; j++)
		chances[j * room] = 1;
	for (size_t i = 1; i <= n_a; i++) {
		for (size_t j = 1; j <= n_b; j++) {
			double *here = chances + j * room;
			const double *less = here - room;
			double of_a = (double)i / (double)(i + j);

			/* Downwards: here[] still is that of i - 1. */
			for (size_t k = i * j + 1; k-- > 0;)
				here[k] = (1 - of_a) * less[k] +
				    (k >= j ? of_a * here[k - j] : 0);
		}
	}
	for (size_t k = 0; k <= u; k++)
		sum += chances[n_b * room + k];
	free(chances);
	return sum;
}

static int
judge_exactly(size_t n_a, size_t n_b, struct rank_test *test)
{
	double pairs = (double)n_a * (double)n_b;
	double nearer = fmin(test->u, pairs - test->u);
	double below = exact_below(n_a, n_b, (size_t)nearer);

	if (below < 0)
		return -1;
	test->p = fmin(1, 2 * below);
	test->is_exact = true;
	return 0;
}

static void
judge_nearly(size_t n_a, size_t n_b, double tied, struct rank_test *test)
{
	double pairs = (double)n_a * (double)n_b;
	double n = (double)n_a + (double)n_b;
	double variance = pairs / 12 * (n + 1 - tied / (n * (n - 1)));
	/* Continuity: half a step nearer to the mean, not beyond it. */
	double distance = fmax(0, fabs(test->u - pairs / 2) - 0.5);

	test->p = variance > 0 ? erfc(distance / sqrt(2 * variance)) : 1;
	test->is_exact = false;
}

int
statistics_compare_ranks(const double a[], size_t n_a, const double b[],
    size_t n_b, struct rank_test *test)
{
	size_t n = n_a + n_b;
	struct ranked *values;
	double tied;
	int status = -1;

	if (n_a == 0 || n_b == 0)
		return -1;
	values = calloc(n, sizeof(*values));
	if (values == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		bool is_of_a = i < n_a;

		values[i].value = is_of_a ? a[i] : b[i - n_a];
		values[i].is_of_a = is_of_a;
		if (!isfinite(values[i].value))
			goto out;
	}
	qsort(values, n, sizeof(*values), compare_ranked);
	test->u = sum_ranks(values, n, n_a, &tied);
	if (tied == 0 && n_a < MAX_EXACT && n_b < MAX_EXACT) {
		status = judge_exactly(n_a, n_b, test);
	} else {
		judge_nearly(n_a, n_b, tied, test);
		status = 0;
	}
out:
	free(values);
	return status;
}
