/*
 * What can be concluded from a handful of measurements, without believing that
 * they are normally distributed: medians, bootstrap intervals, ranks. All of it
 * is pure, and the same figures give the same answer every time.
 */
#ifndef GILD_CLIENT_STATISTICS_H
#define GILD_CLIENT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#define STATISTICS_RESAMPLES 10000
#define STATISTICS_CONFIDENCE 0.95

/* A figure, and the interval that STATISTICS_CONFIDENCE goes with. */
struct estimate {
	double value;
	double low;
	double high;
};

/* A figure that is not in doubt: low = value = high. */
static inline struct estimate
estimate_exact(double value)
{
	return (struct estimate){value, value, value};
}

/*
 * The value below which `fraction` (0 to 1) of n >= 1 values lie; between two
 * of them it is interpolated (Hyndman and Fan's definition 7, as R has it).
 * The values are sorted in place.
 */
double statistics_quantile(double values[], size_t n, double fraction);

/* The same for one half. */
double statistics_median(double values[], size_t n);

/*
 * The median of n values and its percentile bootstrap interval (Efron and
 * Tibshirani: An Introduction to the Bootstrap, 1993, chapter 13): what the
 * medians of STATISTICS_RESAMPLES samples of n, drawn from the values with
 * replacement, range over. Of one value the interval is that value; of fewer
 * than about six it is narrower than it says. 0, or -1: n is 0, a value is not
 * finite, or memory ran out.
 */
int statistics_estimate_median(const double values[], size_t n,
    struct estimate *median) __attribute__((warn_unused_result));

/*
 * median(above) / median(below) and its interval: both are resampled, each for
 * itself. -1 also where a value of `below` is not above 0.
 */
int statistics_estimate_ratio(const double above[], size_t n_above,
    const double below[], size_t n_below, struct estimate *ratio)
    __attribute__((warn_unused_result));

/* What Mann and Whitney say of two samples. */
struct rank_test {
	/* Pairs in which a's value is the greater one; half for equal ones. */
	double u;
	/*
	 * Two-sided: how likely a U at least as far from its mean is, if both
	 * come from one distribution.
	 */
	double p;
	bool is_exact;
};

/*
 * The U test of Mann and Whitney (1947), as R's wilcox.test() does it: the
 * exact distribution where no two values are equal and both samples have fewer
 * than 50; else the normal approximation, corrected for ties and for
 * continuity. Where all values are equal p is 1. 0, or -1: a sample is empty,
 * a value is not finite, or memory ran out.
 */
int statistics_compare_ranks(const double a[], size_t n_a, const double b[],
    size_t n_b, struct rank_test *test) __attribute__((warn_unused_result));

#endif
