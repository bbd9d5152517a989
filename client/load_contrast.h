/*
 * Two load runs side by side, A and B: their percentiles, throughput and
 * failures, how far each figure is to be trusted, and which differences are
 * more than chance.
 *
 * Jobs that come close together have much in common, so their number alone says
 * too little of what a percentile is worth. Each run is cut into up to
 * CONTRAST_BATCHES stretches (batch means: Schmeiser, Operations Research 30,
 * 1982), and from how much these differ comes a design effect (proportion.h).
 * The interval of a percentile is that of the share of jobs below it, read off
 * the histogram (Woodruff, Journal of the American Statistical Association 47,
 * 1952), with the exact binomial distribution where few jobs are above it.
 * Where none of them can be missed its upper end is not known: INFINITY. The
 * throughput's is that of a ratio estimate (Cochran, Sampling Techniques, 1977,
 * chapter 6), of an open loop to what was scheduled. Those of B / A and B - A
 * come from both (estimate_ratio(), estimate_difference()).
 *
 * Tried on 200 pairs of runs of the same queue (6,000 jobs each, one worker, 80 %
 * load), that found a difference of p50 in 7, of p95 in 6 and of p99 in 1 of
 * them; on pairs of 80 and 90 % load, of p50 in 199.
 *
 * An interval tells of these runs. Two runs of the same thing may differ by
 * more, where the machine did not stay the same between them.
 *
 * Pure.
 */
#ifndef GILD_CLIENT_LOAD_CONTRAST_H
#define GILD_CLIENT_LOAD_CONTRAST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "client/load_report.h"
#include "client/statistics.h"

#define CONTRAST_BATCHES 30
#define CONTRAST_QUANTILES 7
#define CONTRAST_MAX_SENTENCES 20
#define CONTRAST_SENTENCE_CHARS 383

enum contrast_change {
	CONTRAST_NOT_SEEN,  /* the interval reaches no change */
	CONTRAST_LOWER,	    /* B's */
	CONTRAST_HIGHER,    /* B's */
	CONTRAST_NOT_KNOWN, /* too few jobs to tell */
};

/* A figure of both. */
struct contrast_row {
	const char *name; /* "p99" */
	double fraction;  /* of a percentile */
	struct estimate a, b;
	struct estimate change; /* b / a; of shares b - a */
	enum contrast_change seen;
};

struct contrast_sentences {
	size_t n;
	char text[CONTRAST_MAX_SENTENCES][CONTRAST_SENTENCE_CHARS + 1];
};

struct load_contrast {
	const struct load_report *a; /* these two: borrowed */
	const struct load_report *b;
	struct contrast_row quantiles[CONTRAST_QUANTILES]; /* in ns */
	struct contrast_row rate;	       /* jobs done a second */
	struct contrast_row failed;	       /* a share of those sent */
	struct contrast_row not_sent;	       /* a share of those scheduled */
	struct contrast_sentences differences; /* of what was asked for */
	struct contrast_sentences warnings;    /* what else to doubt */
	struct contrast_sentences verdict;
};

/*
 * In what the two runs were asked for different things, so that they cannot be
 * compared: "rate of phase \"hold\": 100 and 200". The seed is none of it.
 */
void load_contrast_differ(const struct load_report *a,
    const struct load_report *b, struct contrast_sentences *differences);

/* All of the above. Reports without jobs give rows that are not known. */
void load_contrast_make(const struct load_report *a,
    const struct load_report *b, struct load_contrast *contrast);

/* Whether B is worse in anything that these runs can show. */
bool load_contrast_is_worse(const struct load_contrast *contrast);

/* load_contrast_judge.c: fills in the verdict, of the rows. */
void load_contrast_judge(struct load_contrast *contrast);

void contrast_say(struct contrast_sentences *sentences, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "not_seen", "lower", "higher", "not_known" */
const char *contrast_change_name(enum contrast_change change);

/* A new reference, or NULL when memory ran out. */
json_t *load_contrast_to_json(const struct load_contrast *contrast);

#endif
