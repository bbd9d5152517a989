/*
 * The binomial's tails are added up exactly where they are short, and are the
 * normal distribution's where the mean is large.
 *
 * Pure.
 */
#include "client/proportion.h"

#include <math.h>

#define TAIL ((1 - STATISTICS_CONFIDENCE) / 2)
#define Z 1.959963984540054 /* of the normal distribution, for that tail */
#define MAX_EXACT_MEAN 300

/* Fisher and Cornish's expansion, as Abramowitz and Stegun have it (26.7.5). */
double
students_t(double degrees)
{
	double z3 = pow(Z, 3), z5 = pow(Z, 5), z7 = pow(Z, 7);

	return Z + (z3 + Z) / (4 * degrees) +
	    (5 * z5 + 16 * z3 + 3 * Z) / (96 * pow(degrees, 2)) +
	    (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * pow(degrees, 3));
}

double
proportion_design_effect(const double hits[], const double sizes[], size_t m)
{
	double n = 0, k = 0, k2 = 0, squares = 0, clusters = 0;
	double share, variance, degrees;

	for (size_t i = 0; i < m; i++) {
		n += sizes[i];
		k += hits[i];
		k2 += hits[i] * hits[i];
		clusters += sizes[i] > 0;
	}
	if (clusters < 2 || k <= 0 || k >= n)
		return 1;
	share = k / n;
	for (size_t i = 0; i < m; i++)
		squares += pow(hits[i] - share * sizes[i], 2);
	variance = clusters / (clusters - 1) * squares / (n * n);
	/* As if all hits were in so many clusters, with as many in each. */
	degrees = fmax(1, k * k / k2 - 1);
	return fmax(1,
	    variance / (share * (1 - share) / n) *
		pow(students_t(degrees) / Z, 2));
}

struct estimate
proportion_estimate(double k, double n)
{
	double share, middle, half, weight;

	if (n <= 0)
		return (struct estimate){0, 0, 1};
	share = k / n;
	weight = 1 + Z * Z / n;
	middle = (share + Z * Z / (2 * n)) / weight;
	half = Z / weight * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n));
	/* Of none, and of all, the interval ends there exactly. */
	return (struct estimate){
	    .value = share,
	    .low = k <= 0 ? 0 : fmax(0, middle - half),
	    .high = k >= n ? 1 : fmin(1, middle + half),
	};
}

/* The least k with P(at most k) >= below, for a mean that is not large. */
static double
count_to(double n, double p, double below)
{
	double chance = exp(n * log1p(-p)), sum = chance, k = 0;

	while (sum < below && k < n) {
		chance *= (n - k) / (k + 1) * p / (1 - p);
		sum += chance;
		k++;
	}
	return k;
}

void
proportion_range(double n, double p, double *low, double *high)
{
	double mean, deviation;

	n = floor(n);
	if (p > 0.5) {
		double fewest, most;

		proportion_range(n, 1 - p, &fewest, &most);
		*low = n - most;
		*high = n - fewest;
		return;
	}
	mean = n * p;
	if (mean <= MAX_EXACT_MEAN) {
		*low = count_to(n, p, TAIL);
		*high = count_to(n, p, 1 - TAIL);
		return;
	}
	deviation = sqrt(mean * (1 - p));
	*low = floor(mean - Z * deviation);
	*high = ceil(mean + Z * deviation);
}

struct estimate
estimate_difference(struct estimate a, struct estimate b)
{
	double value = a.value - b.value;

	return (struct estimate){
	    .value = value,
	    .low = value - hypot(a.value - a.low, b.high - b.value),
	    .high = value + hypot(a.high - a.value, b.value - b.low),
	};
}

static struct estimate
logarithm(struct estimate of)
{
	return (struct estimate){log(of.value), log(of.low), log(of.high)};
}

struct estimate
estimate_ratio(struct estimate above, struct estimate below)
{
	struct estimate out =
	    estimate_difference(logarithm(above), logarithm(below));

	return (struct estimate){exp(out.value), exp(out.low), exp(out.high)};
}
