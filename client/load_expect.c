/*
 * Owns: how expectations are written and judged. One table of metrics serves
 * the reading and the words for people. Pure.
 */
#include "client/load_expect.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/count.h"
#include "client/load_report.h"
#include "client/range.h"
#include "client/units.h"
#include "proto/nearest.h"

#define MAX_DURATION_US UINT64_C(35000000000) /* HDR_MAX_NS, about */
#define WORD_CHARS 31

enum unit {
	UNIT_DURATION, /* nanoseconds */
	UNIT_NUMBER,
	UNIT_SHARE,
	UNIT_NUMBER_OR_SHARE,
};

static const struct metric_row {
	const char *name;
	enum load_metric metric;
	enum unit unit;
	unsigned part;
} metrics[] = {
    {"min", LOAD_METRIC_MIN, UNIT_DURATION, 0},
    {"mean", LOAD_METRIC_MEAN, UNIT_DURATION, 0},
    {"max", LOAD_METRIC_MAX, UNIT_DURATION, 0},
    {"rate", LOAD_METRIC_RATE, UNIT_NUMBER, 0},
    {"done", LOAD_METRIC_DONE, UNIT_NUMBER, 0},
    {"sent", LOAD_METRIC_SENT, UNIT_NUMBER, 0},
    {"errors", LOAD_METRIC_ERRORS, UNIT_NUMBER_OR_SHARE, 0},
    {"skipped", LOAD_METRIC_SKIPPED, UNIT_NUMBER_OR_SHARE, 0},
    {"late", LOAD_METRIC_LATE, UNIT_NUMBER_OR_SHARE, 0},
    {"lost_to_client", LOAD_METRIC_PART, UNIT_SHARE, LOAD_CLIENT},
    {"lost_to_way", LOAD_METRIC_PART, UNIT_SHARE, LOAD_WAY},
    {"lost_to_queue", LOAD_METRIC_PART, UNIT_SHARE, LOAD_QUEUE},
    {"lost_to_lock", LOAD_METRIC_PART, UNIT_SHARE, LOAD_LOCK_WAIT},
    {"lost_to_dispatch", LOAD_METRIC_PART, UNIT_SHARE, LOAD_DISPATCH},
    {"lost", LOAD_METRIC_LOST, UNIT_NUMBER, 0},
};
#define N_METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* Percentiles have no row: there are too many. */
static const struct metric_row quantile = {
    "p99", LOAD_METRIC_QUANTILE, UNIT_DURATION, 0};

static int refuse(char error[LOAD_EXPECT_ERROR_CHARS + 1], const char *format,
    ...) __attribute__((format(printf, 2, 3)));

static int
refuse(char error[LOAD_EXPECT_ERROR_CHARS + 1], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, LOAD_EXPECT_ERROR_CHARS + 1, format, args);
	va_end(args);
	return -1;
}

/* Digits, and maybe a point and more of them; all of text. */
static bool
read_real(const char *text, double *value)
{
	size_t digits = strspn(text, "0123456789");
	size_t length = digits;

	if (text[length] == '.')
		length += 1 + strspn(text + length + 1, "0123456789");
	if (digits == 0 || text[length] != '\0' || text[length - 1] == '.')
		return false;
	*value = strtod(text, NULL);
	return true;
}

/* "p99.9"; false where it is none. */
static bool
read_quantile(const char *name, double *fraction)
{
	double percent;

	if (name[0] != 'p' || !read_real(name + 1, &percent) || percent > 100)
		return false;
	*fraction = percent / 100;
	return true;
}

static int
refuse_metric(const char *name, char error[LOAD_EXPECT_ERROR_CHARS + 1])
{
	const char *names[N_METRICS + 1];
	const char *near;

	for (size_t i = 0; i < N_METRICS; i++)
		names[i] = metrics[i].name;
	names[N_METRICS] = quantile.name;
	near = nearest_name(name, names, N_METRICS + 1);
	if (near != NULL)
		return refuse(error,
		    "nothing is called \"%.40s\": did you mean %s?", name,
		    near);
	return refuse(error,
	    "nothing is called \"%.40s\": known are p50 to p99.99, min, mean, "
	    "max, rate, done, sent, errors, skipped, late, lost and "
	    "lost_to_lock, _queue, _dispatch, _way, _client",
	    name);
}

static const struct metric_row *
find_metric(const char *name, double *fraction)
{
	if (read_quantile(name, fraction))
		return &quantile;
	for (size_t i = 0; i < N_METRICS; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	return NULL;
}

/* Moves *text behind the comparison's sign. */
static int
read_comparison(const char **text, enum load_comparison *comparison)
{
	static const struct {
		const char *sign;
		enum load_comparison comparison;
	} signs[] = {{"<=", LOAD_AT_MOST}, {">=", LOAD_AT_LEAST},
	    {"==", LOAD_EQUAL}, {"<", LOAD_BELOW}, {">", LOAD_ABOVE},
	    {"=", LOAD_EQUAL}};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t length = strlen(signs[i].sign);

		if (strncmp(*text, signs[i].sign, length) == 0) {
			*comparison = signs[i].comparison;
			*text += length;
			return 0;
		}
	}
	return -1;
}

/* "5%" */
static bool
read_share(const char *text, double *share)
{
	size_t length = strlen(text);
	char number[WORD_CHARS + 1];

	if (length < 2 || length > WORD_CHARS || text[length - 1] != '%')
		return false;
	memcpy(number, text, length - 1);
	number[length - 1] = '\0';
	if (!read_real(number, share))
		return false;
	*share /= 100;
	return true;
}

static int
read_limit(const struct metric_row *row, const char *name, const char *text,
    struct load_expectation *expectation,
    char error[LOAD_EXPECT_ERROR_CHARS + 1])
{
	char why[RANGE_ERROR_CHARS + 1];
	struct range range;
	uint64_t number;

	if (row->unit == UNIT_DURATION) {
		if (range_parse_durations_us(
			text, 0, MAX_DURATION_US, &range, why) == -1 ||
		    range.n != 1)
			return refuse(error,
			    "%s is a duration, and \"%.40s\" is none: write "
			    "500us, 20ms or 1s behind it",
			    name, text);
		expectation->limit = (double)range.values[0] * 1000;
		return 0;
	}
	if (row->unit != UNIT_NUMBER && read_share(text, &expectation->limit)) {
		expectation->is_share = true;
		return 0;
	}
	if (row->unit == UNIT_SHARE)
		return refuse(error,
		    "%s is a share of the latency, and \"%.40s\" is none: "
		    "write 5%% or 0.5%% behind it",
		    name, text);
	if (count_parse(text, 0, UINT64_C(1) << 53, &number, why) == -1)
		return refuse(error,
		    "%s is a number, and \"%.40s\" is none: write 0 or 1000%s "
		    "behind it",
		    name, text,
		    row->unit == UNIT_NUMBER ? "" : ", or a share such as 1%");
	expectation->limit = (double)number;
	return 0;
}

/* One expectation, without blanks. */
static int
parse_one(const char *text, struct load_expectation *expectation,
    char error[LOAD_EXPECT_ERROR_CHARS + 1])
{
	size_t length = strcspn(text, "<>=");
	const char *limit = text + length;
	const struct metric_row *row;
	char name[WORD_CHARS + 1];

	*expectation = (struct load_expectation){0};
	if (read_comparison(&limit, &expectation->comparison) == -1 ||
	    length == 0 || *limit == '\0')
		return refuse(error,
		    "\"%.40s\" compares nothing: write p99<20ms, errors=0 or "
		    "rate>=1000",
		    text);
	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	row = find_metric(name, &expectation->fraction);
	if (row == NULL)
		return refuse_metric(name, error);
	snprintf(expectation->text, sizeof(expectation->text), "%s", text);
	expectation->metric = row->metric;
	expectation->part = row->part;
	return read_limit(row, name, limit, expectation, error);
}

/* Copies what is before the comma, without blanks; -1: it is too long. */
static int
take_item(const char **text, char item[LOAD_EXPECT_CHARS + 1])
{
	size_t length = 0;

	for (; **text != '\0' && **text != ','; (*text)++) {
		if (**text == ' ')
			continue;
		if (length == LOAD_EXPECT_CHARS)
			return -1;
		item[length++] = **text;
	}
	item[length] = '\0';
	return 0;
}

int
load_expect_parse(const char *text,
    struct load_expectation expectations[LOAD_MAX_EXPECTATIONS], size_t *n,
    char error[LOAD_EXPECT_ERROR_CHARS + 1])
{
	*n = 0;
	for (;;) {
		char item[LOAD_EXPECT_CHARS + 1];
		const char *start = text;

		if (*n == LOAD_MAX_EXPECTATIONS)
			return refuse(error, "more than %d of them: take fewer",
			    LOAD_MAX_EXPECTATIONS);
		if (take_item(&text, item) == -1)
			return refuse(error,
			    "\"%.20s...\" is longer than %d characters", start,
			    LOAD_EXPECT_CHARS);
		if (parse_one(item, &expectations[*n], error) == -1)
			return -1;
		++*n;
		if (*text == '\0')
			return 0;
		text++;
	}
}

bool
load_expect_holds(const struct load_expectation *expectation, double actual)
{
	switch (expectation->comparison) {
	case LOAD_BELOW:
		return actual < expectation->limit;
	case LOAD_AT_MOST:
		return actual <= expectation->limit;
	case LOAD_EQUAL:
		return fabs(actual - expectation->limit) < 1e-9;
	case LOAD_AT_LEAST:
		return actual >= expectation->limit;
	case LOAD_ABOVE:
		return actual > expectation->limit;
	}
	return false;
}

/* Jobs, or their share of `all` where that is what the limit is. */
static double
count_of(
    const struct load_expectation *expectation, uint64_t jobs, uint64_t all)
{
	if (!expectation->is_share)
		return (double)jobs;
	return all > 0 ? (double)jobs / (double)all : 0;
}

/* A figure of the latency: there is one where a job is done. */
static double
latency_of(
    const struct load_expectation *expectation, const struct hdr *latency)
{
	switch (expectation->metric) {
	case LOAD_METRIC_MIN:
		return (double)latency->min_ns;
	case LOAD_METRIC_MEAN:
		return hdr_mean(latency);
	case LOAD_METRIC_MAX:
		return (double)latency->max_ns;
	default:
		return (double)hdr_quantile(latency, expectation->fraction);
	}
}

bool
load_expect_measure(const struct load_expectation *expectation,
    const struct load_report *report, double *actual)
{
	const struct load_counts *counts = &report->counts;

	*actual = 0;
	switch (expectation->metric) {
	case LOAD_METRIC_QUANTILE:
	case LOAD_METRIC_MIN:
	case LOAD_METRIC_MEAN:
	case LOAD_METRIC_MAX:
		*actual = latency_of(expectation, &report->latency);
		return report->latency.count > 0;
	case LOAD_METRIC_RATE:
		*actual = report->rate;
		return true;
	case LOAD_METRIC_DONE:
		*actual = (double)counts->done;
		return true;
	case LOAD_METRIC_SENT:
		*actual = (double)counts->sent;
		return true;
	case LOAD_METRIC_ERRORS:
		*actual = count_of(expectation, counts->failed, counts->sent);
		return true;
	case LOAD_METRIC_SKIPPED:
		*actual =
		    count_of(expectation, counts->skipped, counts->scheduled);
		return true;
	case LOAD_METRIC_LATE:
		*actual = count_of(expectation, report->late, counts->sent);
		return true;
	case LOAD_METRIC_LOST:
		*actual = (double)report->lost;
		return true;
	case LOAD_METRIC_PART:
		*actual = load_parts_share(
		    &report->parts, (enum load_part)expectation->part);
		return report->latency.count > 0;
	}
	return false;
}

bool
load_expect_judge(struct load_report *report,
    const struct load_expectation expectations[], size_t n)
{
	bool all_met = true;

	report->n_expectations = n;
	for (size_t i = 0; i < n; i++) {
		struct load_expectation_row *row = &report->expectations[i];

		row->expectation = &expectations[i];
		row->is_known =
		    load_expect_measure(row->expectation, report, &row->actual);
		row->is_met = row->is_known &&
		    load_expect_holds(row->expectation, row->actual);
		all_met &= row->is_met;
	}
	return all_met;
}

void
load_expect_format(const struct load_expectation *expectation, double actual,
    char text[LOAD_EXPECT_CHARS + 1])
{
	struct units_text figure;

	switch (expectation->metric) {
	case LOAD_METRIC_QUANTILE:
	case LOAD_METRIC_MIN:
	case LOAD_METRIC_MEAN:
	case LOAD_METRIC_MAX:
		figure = units_duration((uint64_t)actual);
		break;
	case LOAD_METRIC_PART:
		figure = units_percent(actual);
		break;
	default:
		figure = expectation->is_share ? units_percent(actual)
					       : units_count((uint64_t)actual);
		break;
	}
	snprintf(text, LOAD_EXPECT_CHARS + 1, "%s", figure.text);
}
