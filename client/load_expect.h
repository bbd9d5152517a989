/*
 * What a load run must come to: "p99<20ms,errors=0,lost_to_lock<5%". Each
 * expectation is a metric, a comparison and a limit in the metric's unit.
 *
 *	p50 p99 p99.9 ...  a percentile of the latency    a duration: 20ms
 *	min mean max       of the latency                 a duration
 *	rate               jobs done a second             a number
 *	done sent          jobs                           a number
 *	errors skipped     jobs that failed, or were      a number, or a share
 *	late               skipped, or sent late           of all such as 0.1%
 *	lost               connections                    a number
 *	lost_to_lock       what of the latency that part  a share: 5%
 *	lost_to_queue      took: also _client, _way,
 *			   _dispatch
 *
 * Pure.
 */
#ifndef GILD_CLIENT_LOAD_EXPECT_H
#define GILD_CLIENT_LOAD_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_MAX_EXPECTATIONS 16
#define LOAD_EXPECT_CHARS 63
#define LOAD_EXPECT_ERROR_CHARS 255

enum load_metric {
	LOAD_METRIC_QUANTILE, /* these four in nanoseconds */
	LOAD_METRIC_MIN,
	LOAD_METRIC_MEAN,
	LOAD_METRIC_MAX,
	LOAD_METRIC_RATE,
	LOAD_METRIC_DONE,
	LOAD_METRIC_SENT,
	LOAD_METRIC_ERRORS, /* these three: a number, or a fraction of all */
	LOAD_METRIC_SKIPPED,
	LOAD_METRIC_LATE,
	LOAD_METRIC_LOST,
	LOAD_METRIC_PART, /* a fraction of all latency: 0.05 */
};

enum load_comparison {
	LOAD_BELOW,    /* < */
	LOAD_AT_MOST,  /* <= */
	LOAD_EQUAL,    /* = */
	LOAD_AT_LEAST, /* >= */
	LOAD_ABOVE,    /* > */
};

struct load_expectation {
	char text[LOAD_EXPECT_CHARS + 1]; /* as written, without blanks */
	enum load_metric metric;
	double fraction; /* of LOAD_METRIC_QUANTILE: 0.99 */
	unsigned part;	 /* of LOAD_METRIC_PART: an enum load_part */
	bool is_share;	 /* errors<1%: the limit is a fraction of all */
	enum load_comparison comparison;
	double limit; /* nanoseconds, a number, or a fraction */
};

/*
 * Reads a list, into expectations[0] to [*n - 1]. 0, or -1 with error saying
 * which of them is wrong and what would be right.
 */
int load_expect_parse(const char *text,
    struct load_expectation expectations[LOAD_MAX_EXPECTATIONS], size_t *n,
    char error[LOAD_EXPECT_ERROR_CHARS + 1])
    __attribute__((warn_unused_result));

/* Whether a figure, in the unit of the limit, is as expected. */
bool load_expect_holds(
    const struct load_expectation *expectation, double actual);

struct load_report;

/*
 * The figure that a report has for it: false where it has none (a percentile
 * of no jobs), which never is as expected.
 */
bool load_expect_measure(const struct load_expectation *expectation,
    const struct load_report *report, double *actual)
    __attribute__((warn_unused_result));

/* Fills in the rows of report->expectations; whether all are met. */
bool load_expect_judge(struct load_report *report,
    const struct load_expectation expectations[], size_t n);

/* A figure of it for people: "18.3 ms", "0.4 %", "12,345". */
void load_expect_format(const struct load_expectation *expectation,
    double actual, char text[LOAD_EXPECT_CHARS + 1]);

#endif
