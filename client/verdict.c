/*
 * Each sentence has a function of its own that adds it, or adds nothing where
 * it has nothing to say. What there is to doubt is doubt.c's.
 *
 * Pure.
 */
#include "client/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client/doubt.h"
#include "client/units.h"

/* Less waiting is not told of. */
#define TOLD_LOCK_SHARE 0.01
#define TOLD_CPU_SHARE 0.05

/* A part of a sentence, by value like units_text. */
struct phrase {
	char text[128];
};

void
verdict_add(
    struct verdict *verdict, enum verdict_tone tone, const char *format, ...)
{
	struct verdict_sentence *sentence;
	va_list args;

	if (verdict->n_sentences == VERDICT_MAX_SENTENCES)
		return;
	sentence = &verdict->sentences[verdict->n_sentences++];
	sentence->tone = tone;
	va_start(args, format);
	vsnprintf(sentence->text, sizeof(sentence->text), format, args);
	va_end(args);
	if (sentence->text[0] >= 'a' && sentence->text[0] <= 'z')
		sentence->text[0] = (char)(sentence->text[0] - 'a' + 'A');
}

/* How a row's time compares: "1.97 times as fast as", "3.1 % longer than" */
static struct phrase
pace(double speedup)
{
	struct phrase out;

	if (speedup >= WORTHWHILE_SPEEDUP)
		snprintf(out.text, sizeof(out.text), "%.2f times as fast as",
		    speedup);
	else if (speedup >= 1)
		snprintf(out.text, sizeof(out.text), "%s faster than",
		    units_percent(speedup - 1).text);
	else if (speedup > 0.5)
		snprintf(out.text, sizeof(out.text), "%s longer than",
		    units_percent(1 / speedup - 1).text);
	else
		snprintf(out.text, sizeof(out.text), "%.1f times as long as",
		    1 / speedup);
	return out;
}

/* "[1.95, 1.98]" */
static struct phrase
interval(const struct estimate *estimate)
{
	struct phrase out;

	snprintf(out.text, sizeof(out.text), "[%.2f, %.2f]", estimate->low,
	    estimate->high);
	return out;
}

/* Who it was: "under one lock two threads" */
static struct phrase
subject(const struct row *row)
{
	struct phrase out;

	snprintf(out.text, sizeof(out.text), "%s%s%s %s", row->scene,
	    row->scene[0] != '\0' ? " " : "",
	    units_number_word(row->workers).text, row->noun);
	return out;
}

/* How much of the wall time of a row's workers, added up, this is. */
static double
wall_share(const struct row *row, uint64_t ns)
{
	double life_ns = row->wall_ns.value * row->workers;

	return life_ns > 0 ? (double)ns / life_ns : 0;
}

/* How the threads went about it: "took turns, 199 times a second" */
static struct phrase
turns(const struct row *row)
{
	uint64_t switches = row->switches;
	uint64_t wall_ns = row->sample.median;
	struct phrase out;

	if (switches == 0)
		snprintf(out.text, sizeof(out.text), "ran one after the other");
	else if (switches == 1)
		snprintf(out.text, sizeof(out.text), "took turns, once");
	else if ((double)switches < (double)wall_ns / 1e9)
		snprintf(out.text, sizeof(out.text), "took turns, %s times",
		    units_count(switches).text);
	else
		snprintf(out.text, sizeof(out.text),
		    "took turns, %s times a second",
		    units_rate(switches, wall_ns).text);
	return out;
}

/*
 * What the lock made of the threads' time. All but one waited, at any time,
 * if that is what their waits add up to.
 */
static struct phrase
waits(const struct row *row)
{
	double waiting = wall_share(row, row->lock_wait_ns);
	double all_but_one = 1 - 1.0 / row->workers;
	struct phrase out = {""};

	if (waiting < TOLD_LOCK_SHARE)
		return out;
	if (row->switches > 0 && fabs(waiting - all_but_one) < 0.02)
		snprintf(out.text, sizeof(out.text),
		    ": while one counted, the other%s waited",
		    row->workers == 2 ? "" : "s");
	else if (row->switches > 0)
		snprintf(out.text, sizeof(out.text),
		    ", each waiting for the lock %s of the time",
		    units_percent(waiting).text);
	return out;
}

static void
judge_locked(const struct row *row, struct verdict *verdict)
{
	const struct contrast *contrast = &row->base_contrast;

	switch (contrast->difference) {
	case NOT_SEEN:
		verdict_add(verdict, VERDICT_FINDING,
		    "%s %s%s. No difference seen from one after another.",
		    subject(row).text, turns(row).text, waits(row).text);
		break;
	case SLOWER:
		verdict_add(verdict, VERDICT_FINDING,
		    "%s %s%s. It took %s one after another.", subject(row).text,
		    turns(row).text, waits(row).text,
		    pace(contrast->speedup.value).text);
		break;
	case FASTER:
		verdict_add(verdict, VERDICT_FINDING,
		    "%s did the same work %s one after another%s.",
		    subject(row).text, pace(contrast->speedup.value).text,
		    waits(row).text);
		break;
	}
}

static void
judge_unlocked(const struct comparison *comparison, const struct row *row,
    struct verdict *verdict)
{
	const struct contrast *contrast = &row->base_contrast;
	uint32_t parallel = comparison_parallel(comparison, row);
	double yield = contrast->speedup.value / parallel;

	switch (contrast->difference) {
	case NOT_SEEN:
		verdict_add(verdict, VERDICT_FINDING,
		    "%s: no difference seen from one after another.",
		    subject(row).text);
		break;
	case SLOWER:
		verdict_add(verdict, VERDICT_FINDING,
		    "%s took %s one after another.", subject(row).text,
		    pace(contrast->speedup.value).text);
		break;
	case FASTER:
		verdict_add(verdict, VERDICT_FINDING,
		    "%s did the same work %s one after another %s: %s of what "
		    "%s CPU%s could give.",
		    subject(row).text, pace(contrast->speedup.value).text,
		    interval(&contrast->speedup).text,
		    yield < 0.995 ? units_percent(yield).text : "all",
		    units_number_word(parallel).text, parallel == 1 ? "" : "s");
		break;
	}
}

/* What sharing CPUs costs, where there are more workers than CPUs. */
static void
judge_cpu_waits(const struct comparison *comparison, struct verdict *verdict)
{
	const struct row *worst = NULL;
	double most = TOLD_CPU_SHARE;

	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct row *row = &comparison->rows[i];
		double share = split_share(&row->split, SPLIT_CPU_WAIT);

		if (row->kind == ROW_ARM && row->workers > comparison->cores &&
		    share > most) {
			most = share;
			worst = row;
		}
	}
	if (worst != NULL)
		verdict_add(verdict, VERDICT_FINDING,
		    "%s spent %s of their time ready to run, waiting for a "
		    "CPU: %s workers share %s.",
		    subject(worst).text, units_percent(most).text,
		    units_number_word(worst->workers).text,
		    units_number_word(comparison->cores).text);
}

static bool
is_worthwhile(const struct row *row)
{
	return row->kind == ROW_ARM &&
	    row->base_contrast.difference == FASTER &&
	    row->base_contrast.speedup.value >= WORTHWHILE_SPEEDUP;
}

/*
 * The row that a reader's threads are most like: the first that counts under a
 * lock; else, to compare with, none.
 */
static const struct row *
find_threads(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->n_rows; i++)
		if (comparison->rows[i].kind == ROW_ARM &&
		    row_has_lock(&comparison->rows[i]))
			return &comparison->rows[i];
	return NULL;
}

/* What the lock has to do with it; nothing where it is not to blame. */
static struct phrase
blame(const struct row *threads)
{
	double waiting = wall_share(threads, threads->lock_wait_ns);
	struct phrase out = {""};

	if (waiting >= TOLD_LOCK_SHARE &&
	    threads->pool->size >= threads->workers)
		snprintf(out.text, sizeof(out.text),
		    "; your threads spent %s of their time waiting for the "
		    "lock",
		    units_percent(waiting).text);
	return out;
}

/* Another row that is about as good as the best, or NULL. */
static const struct row *
find_equal(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct row *row = &comparison->rows[i];

		if (i != comparison->best && is_worthwhile(row) &&
		    (row->best_contrast.difference == NOT_SEEN ||
			row->best_contrast.speedup.value < WORTHWHILE_SPEEDUP))
			return row;
	}
	return NULL;
}

/* How much the best is ahead of one that is about as good. */
static struct phrase
lead(const struct row *equal)
{
	struct phrase out = {"no difference seen between them"};

	if (equal->best_contrast.difference != NOT_SEEN)
		snprintf(out.text, sizeof(out.text), "the former was %s faster",
		    units_percent(equal->best_contrast.speedup.value - 1).text);
	return out;
}

static void
advise_best(const struct comparison *comparison, struct verdict *verdict)
{
	const struct row *best = &comparison->rows[comparison->best];
	const struct row *threads = find_threads(comparison);
	const struct row *equal = find_equal(comparison);

	if (equal != NULL)
		verdict_add(verdict, VERDICT_ADVICE,
		    "Use %s or %s, whichever is simpler: %s.", best->label,
		    equal->label, lead(equal).text);
	else if (threads != NULL && threads != best &&
	    threads->best_contrast.difference == FASTER)
		verdict_add(verdict, VERDICT_ADVICE,
		    "Use %s: %.2f times as fast as %s %s%s.", best->label,
		    threads->best_contrast.speedup.value, threads->label,
		    interval(&threads->best_contrast.speedup).text,
		    blame(threads).text);
	else
		verdict_add(verdict, VERDICT_ADVICE,
		    "Use %s: %.2f times as fast as one after another %s.",
		    best->label, best->base_contrast.speedup.value,
		    interval(&best->base_contrast.speedup).text);
}

/* Whether no arm could have more than one worker running at a time. */
static bool
is_narrow(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->n_rows; i++)
		if (comparison->rows[i].kind == ROW_ARM &&
		    !row_has_lock(&comparison->rows[i]) &&
		    comparison_parallel(comparison, &comparison->rows[i]) > 1)
			return false;
	return true;
}

static void
advise(const struct comparison *comparison, struct verdict *verdict)
{
	if (doubt_is_due(comparison))
		verdict_add(verdict, VERDICT_ADVICE,
		    "Measure again before you act on this: the warnings say "
		    "why.");
	else if (is_worthwhile(&comparison->rows[comparison->best]))
		advise_best(comparison, verdict);
	else if (is_narrow(comparison))
		verdict_add(verdict, VERDICT_ADVICE,
		    "Nothing can be gained where only one worker runs at a "
		    "time.");
	else
		verdict_add(verdict, VERDICT_ADVICE,
		    "Splitting this work gains nothing here.");
}

struct verdict
verdict_reach(const struct comparison *comparison)
{
	struct verdict verdict = {0};

	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct row *row = &comparison->rows[i];

		if (row->kind != ROW_ARM)
			continue;
		if (row_has_lock(row))
			judge_locked(row, &verdict);
		else
			judge_unlocked(comparison, row, &verdict);
	}
	judge_cpu_waits(comparison, &verdict);
	advise(comparison, &verdict);
	doubt_warn(comparison, &verdict);
	return verdict;
}
