/*
 * Shares of counts, and how far to trust them: of jobs that failed, or took
 * longer than so long. Jobs that come within the same second have much in
 * common, so that a thousand of them say less than a thousand that have
 * nothing to do with each other: how much less is the design effect.
 *
 * Intervals are those of STATISTICS_CONFIDENCE. Pure.
 */
#ifndef GILD_CLIENT_PROPORTION_H
#define GILD_CLIENT_PROPORTION_H

#include <stddef.h>

#include "client/statistics.h"

/*
 * How many standard errors either side an interval reaches, which is known from
 * degrees + 1 >= 2 values only: Student's t. Within 1 % from 3 degrees on.
 */
double students_t(double degrees);

/*
 * By what factor the variance of the share sum(hits) / sum(sizes) is greater
 * than if all were independent: of m clusters, each of sizes[i] with hits[i],
 * as Kish has it (Survey Sampling, 1965, chapter 5), the share being a ratio;
 * where few clusters have the hits it is widened by Student's t, for the effect
 * itself is then hardly known. At least 1; 1 also where there are fewer than
 * two clusters, or no or only hits.
 */
double proportion_design_effect(
    const double hits[], const double sizes[], size_t m);

/*
 * k of n: Wilson's score interval (1927). n, which a design effect divided, need
 * not be whole; with n = 0 it is 0 to 1.
 */
struct estimate proportion_estimate(double k, double n);

/*
 * How many of n succeed, each with probability p, but for the tails of the
 * binomial distribution: from *low to *high, both inclusive.
 */
void proportion_range(double n, double p, double *low, double *high);

/*
 * a - b, and above / below, of two independent estimates, from their intervals
 * alone, which need not be symmetric: square and add (Newcombe, Statistics in
 * Medicine 17, 1998, method 10; Zou and Donner, ibid. 27, 2008), the ratio on
 * logarithms. Of a ratio all figures of `below` are above 0; a high that is
 * INFINITY is not known.
 */
struct estimate estimate_difference(struct estimate a, struct estimate b);
struct estimate estimate_ratio(struct estimate above, struct estimate below);

#endif
