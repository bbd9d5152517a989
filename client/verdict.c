/*
 * Each sentence has a function of its own that adds it, or adds nothing where
 * it has nothing to say. All thresholds are here, at the top.
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

#include "client/units.h"

/* Rows whose CPU times differ by more did not do the same work. */
#define CPU_TOLERANCE 0.05
/* Workers that got less of their CPUs had to share them with others. */
#define CPU_SHARE 0.9
/* A noise floor above this makes every figure doubtful. */
#define NOISE_TOLERANCE 0.05
/* Fewer rounds say too little about what is chance. */
#define ENOUGH_ROUNDS 3
/* Below this a run is as much start-up as it is countdown. */
#define SHORT_WALL_NS UINT64_C(20000000)
/* From here on a gain is worth a change of design. */
#define WORTHWHILE_SPEEDUP 1.1

enum difference { NOT_SEEN, FASTER, SLOWER };

/* A part of a sentence, by value like units_text. */
struct phrase {
	char text[96];
};

static void add(struct verdict *verdict, enum verdict_tone tone,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
add(struct verdict *verdict, enum verdict_tone tone, const char *format, ...)
{
	struct verdict_sentence *sentence =
	    &verdict->sentences[verdict->n_sentences++];
	va_list args;

	sentence->tone = tone;
	va_start(args, format);
	vsnprintf(sentence->text, sizeof(sentence->text), format, args);
	va_end(args);
	if (sentence->text[0] >= 'a' && sentence->text[0] <= 'z')
		sentence->text[0] = (char)(sentence->text[0] - 'a' + 'A');
}

/* How one row's wall time compares with another's. */
static enum difference
find_difference(
    const struct comparison *comparison, enum arm arm, enum arm base_arm)
{
	const struct sample *base = &comparison->rows[base_arm].wall_ns;
	const struct sample *wall = &comparison->rows[arm].wall_ns;

	if (sample_distance(base->median, wall->median) <=
	    comparison->noise_floor)
		return NOT_SEEN;
	if (wall->min <= base->max && base->min <= wall->max)
		return NOT_SEEN;
	return wall->median < base->median ? FASTER : SLOWER;
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

/* How much of the lives of a row's workers, added up, this is. */
static double
life_share(const struct row *row, uint64_t ns)
{
	double life_ns = (double)row->wall_ns.median * row->workers;

	return life_ns > 0 ? (double)ns / life_ns : 0;
}

/* How the threads went about it: "took turns, 199 times a second" */
static struct phrase
turns(const struct row *threads)
{
	uint64_t switches = threads->switches;
	uint64_t wall_ns = threads->wall_ns.median;
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
waits(const struct row *threads)
{
	double waiting = life_share(threads, threads->lock_wait_ns);
	double all_but_one = 1 - 1.0 / threads->workers;
	struct phrase out = {""};

	if (waiting < 0.01)
		return out;
	if (threads->switches > 0 && fabs(waiting - all_but_one) < 0.02)
		snprintf(out.text, sizeof(out.text),
		    ": while one counted, the other%s waited",
		    threads->workers == 2 ? "" : "s");
	else if (threads->switches > 0)
		snprintf(out.text, sizeof(out.text),
		    ", each waiting for the lock %s of the time",
		    units_percent(waiting).text);
	return out;
}

static void
judge_threads(const struct comparison *comparison, struct verdict *verdict)
{
	const struct row *row = &comparison->rows[ARM_THREADS];
	struct units_text number = units_number_word(row->workers);

	switch (find_difference(comparison, ARM_THREADS, ARM_SEQUENTIAL)) {
	case NOT_SEEN:
		add(verdict, VERDICT_FINDING,
		    "under one lock %s threads %s%s. No difference seen from "
		    "one after another.",
		    number.text, turns(row).text, waits(row).text);
		break;
	case SLOWER:
		add(verdict, VERDICT_FINDING,
		    "under one lock %s threads %s%s. It took %s one after "
		    "another.",
		    number.text, turns(row).text, waits(row).text,
		    pace(row->speedup).text);
		break;
	case FASTER:
		add(verdict, VERDICT_FINDING,
		    "%s threads did the same work %s one after another%s.",
		    number.text, pace(row->speedup).text, waits(row).text);
		break;
	}
}

/* How many of the row's workers can run at the same time. */
static uint32_t
parallel_workers(const struct comparison *comparison, enum arm arm)
{
	const struct row *row = &comparison->rows[arm];
	uint32_t n = row->workers;

	if (row->executors < n)
		n = row->executors;
	if (comparison->cores < n)
		n = comparison->cores;
	return n > 0 ? n : 1;
}

static void
judge_processes(const struct comparison *comparison, struct verdict *verdict)
{
	const struct row *row = &comparison->rows[ARM_PROCESSES];
	struct units_text number = units_number_word(row->workers);
	uint32_t parallel = parallel_workers(comparison, ARM_PROCESSES);
	double yield = row->speedup / parallel;

	switch (find_difference(comparison, ARM_PROCESSES, ARM_SEQUENTIAL)) {
	case NOT_SEEN:
		add(verdict, VERDICT_FINDING,
		    "%s processes: no difference seen from one after another.",
		    number.text);
		break;
	case SLOWER:
		add(verdict, VERDICT_FINDING,
		    "%s processes took %s one after another.", number.text,
		    pace(row->speedup).text);
		break;
	case FASTER:
		add(verdict, VERDICT_FINDING,
		    "%s processes did the same work %s one after another: %s "
		    "of what %s CPU%s could give.",
		    number.text, pace(row->speedup).text,
		    yield < 0.995 ? units_percent(yield).text : "all",
		    units_number_word(parallel).text, parallel == 1 ? "" : "s");
		break;
	}
}

static bool
is_worthwhile(const struct comparison *comparison, enum arm arm)
{
	return comparison->rows[arm].speedup >= WORTHWHILE_SPEEDUP &&
	    find_difference(comparison, arm, ARM_SEQUENTIAL) == FASTER;
}

/*
 * Without a lock a worker that has a CPU of its own uses all of it, unless it
 * has to share. A row of processes tells only where each can have one; a row of
 * threads never does, for a switch takes time that is nobody's.
 */
static bool
is_starved(const struct comparison *comparison, enum arm arm)
{
	const struct row *row = &comparison->rows[arm];

	return arm != ARM_THREADS &&
	    parallel_workers(comparison, arm) == row->workers &&
	    life_share(row, row->cpu_ns) < CPU_SHARE;
}

static bool
is_noisy(const struct comparison *comparison)
{
	return comparison->noise_floor > NOISE_TOLERANCE;
}

/* Ranges so wide that a difference worth having may hide where they touch. */
static bool
is_blurred(const struct comparison *comparison, enum arm arm)
{
	const struct sample *base = &comparison->rows[ARM_SEQUENTIAL].wall_ns;
	const struct sample *wall = &comparison->rows[arm].wall_ns;
	uint64_t min_ns = wall->min < base->min ? wall->min : base->min;
	uint64_t max_ns = wall->max > base->max ? wall->max : base->max;

	return find_difference(comparison, arm, ARM_SEQUENTIAL) == NOT_SEEN &&
	    (double)max_ns >= (double)min_ns * WORTHWHILE_SPEEDUP;
}

static bool
are_any_blurred(const struct comparison *comparison)
{
	return is_blurred(comparison, ARM_THREADS) ||
	    is_blurred(comparison, ARM_PROCESSES);
}

static bool
is_short(const struct comparison *comparison)
{
	return comparison->rows[ARM_SEQUENTIAL].wall_ns.median < SHORT_WALL_NS;
}

static bool
are_few_rounds(const struct comparison *comparison)
{
	return comparison->rounds < ENOUGH_ROUNDS;
}

/* Figures that may say something else when they are taken again. */
static bool
is_doubtful(const struct comparison *comparison)
{
	return is_starved(comparison, ARM_SEQUENTIAL) ||
	    is_starved(comparison, ARM_PROCESSES) || is_noisy(comparison) ||
	    are_any_blurred(comparison) || is_short(comparison) ||
	    are_few_rounds(comparison);
}

/*
 * Whether the lock is what keeps the threads from the processes' time: they
 * waited for it, and each had a thread of the pool.
 */
static bool
is_lock_to_blame(const struct comparison *comparison)
{
	const struct row *threads = &comparison->rows[ARM_THREADS];

	return find_difference(comparison, ARM_PROCESSES, ARM_THREADS) ==
	    FASTER &&
	    threads->executors >= threads->workers &&
	    life_share(threads, threads->lock_wait_ns) >= 0.01;
}

static void
advise(const struct comparison *comparison, struct verdict *verdict)
{
	bool threads_pay = is_worthwhile(comparison, ARM_THREADS);
	bool processes_pay = is_worthwhile(comparison, ARM_PROCESSES);
	double ratio = comparison->rows[ARM_PROCESSES].speedup /
	    comparison->rows[ARM_THREADS].speedup;
	uint64_t threads_ns = comparison->rows[ARM_THREADS].wall_ns.median;
	uint64_t processes_ns = comparison->rows[ARM_PROCESSES].wall_ns.median;

	if (is_doubtful(comparison))
		add(verdict, VERDICT_ADVICE,
		    "Measure again before you act on this: the warnings say "
		    "why.");
	else if (processes_pay && !threads_pay && is_lock_to_blame(comparison))
		add(verdict, VERDICT_ADVICE,
		    "The lock cost %s of the threads' %s. For such work take "
		    "processes.",
		    units_duration_like(threads_ns - processes_ns, threads_ns)
			.text,
		    units_duration(threads_ns).text);
	else if (processes_pay && !threads_pay)
		add(verdict, VERDICT_ADVICE,
		    "For work like this take processes: threads under one lock "
		    "buy no time.");
	else if (processes_pay && ratio >= WORTHWHILE_SPEEDUP)
		add(verdict, VERDICT_ADVICE,
		    "For work like this take processes: they are %.2f times as "
		    "fast as threads.",
		    ratio);
	else if (processes_pay)
		add(verdict, VERDICT_ADVICE,
		    "For work like this threads do as well as processes: take "
		    "what is simpler.");
	else if (threads_pay)
		add(verdict, VERDICT_ADVICE,
		    "For work like this take threads: processes buy no time.");
	else if (parallel_workers(comparison, ARM_PROCESSES) == 1)
		add(verdict, VERDICT_ADVICE,
		    "Nothing can be gained where only one worker runs at a "
		    "time.");
	else
		add(verdict, VERDICT_ADVICE,
		    "Splitting this work gains nothing here.");
}

static void
warn_of_few_executors(
    const struct comparison *comparison, enum arm arm, struct verdict *verdict)
{
	const struct row *row = &comparison->rows[arm];

	/* Where the CPUs are fewer still, that is what to say. */
	if (arm == ARM_PROCESSES && row->executors >= comparison->cores)
		return;
	if (row->executors < row->workers)
		add(verdict, VERDICT_WARNING,
		    "the pool %s has %" PRIu32 " executor%s for %" PRIu32
		    " workers: some tasks waited for others. Give it a larger "
		    "size.",
		    row->pool, row->executors, row->executors == 1 ? "" : "s",
		    row->workers);
}

static void
warn_of_few_cores(const struct comparison *comparison, struct verdict *verdict)
{
	if (comparison->cores < comparison->workers)
		add(verdict, VERDICT_WARNING,
		    "%" PRIu32 " workers share %" PRIu32
		    " CPU%s: take no more workers than CPUs to see what "
		    "processes can give.",
		    comparison->workers, comparison->cores,
		    comparison->cores == 1 ? "" : "s");
}

static void
warn_of_cpu_times(const struct comparison *comparison, struct verdict *verdict)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		uint64_t cpu_ns = comparison->rows[arm].cpu_ns;

		if (cpu_ns < least)
			least = cpu_ns;
		if (cpu_ns > most)
			most = cpu_ns;
	}
	if ((double)most > (double)least * (1 + CPU_TOLERANCE))
		add(verdict, VERDICT_WARNING,
		    "the same work took from %s to %s of CPU time: something "
		    "else used this machine, or its CPUs share a core.",
		    units_duration(least).text, units_duration(most).text);
}

static void
warn_of_others(const struct comparison *comparison, struct verdict *verdict)
{
	char rows[128] = "";

	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		const struct row *row = &comparison->rows[arm];
		size_t used = strlen(rows);

		if (is_starved(comparison, arm))
			snprintf(rows + used, sizeof(rows) - used,
			    "%s%s (%s of the time)", used > 0 ? ", " : "",
			    comparison_arm_label(arm),
			    units_percent(1 - life_share(row, row->cpu_ns))
				.text);
	}
	if (rows[0] != '\0')
		add(verdict, VERDICT_WARNING,
		    "other programs kept the CPUs from %s.", rows);
}

static void
warn_of_noise(const struct comparison *comparison, struct verdict *verdict)
{
	if (is_noisy(comparison))
		add(verdict, VERDICT_WARNING,
		    "the same job measured twice differs by %s. Take more "
		    "--rounds, or a quiet machine.",
		    units_percent(comparison->noise_floor).text);
	else if (are_any_blurred(comparison))
		add(verdict, VERDICT_WARNING,
		    "ranges from min to max overlap so far that a difference "
		    "may hide in them. Take a larger COUNT, or a quiet "
		    "machine.");
}

static void
warn_of_short_runs(const struct comparison *comparison, struct verdict *verdict)
{
	const struct row *row = &comparison->rows[ARM_SEQUENTIAL];

	if (is_short(comparison))
		add(verdict, VERDICT_WARNING,
		    "a run took only %s: starting counts as much as counting "
		    "down. Take a larger COUNT.",
		    units_duration(row->wall_ns.median).text);
}

static void
warn_of_few_rounds(const struct comparison *comparison, struct verdict *verdict)
{
	if (are_few_rounds(comparison))
		add(verdict, VERDICT_WARNING,
		    "%s round%s may be chance. Take --rounds %d or more.",
		    units_number_word(comparison->rounds).text,
		    comparison->rounds == 1 ? "" : "s", ENOUGH_ROUNDS);
}

struct verdict
verdict_reach(const struct comparison *comparison)
{
	struct verdict verdict = {0};

	judge_threads(comparison, &verdict);
	judge_processes(comparison, &verdict);
	advise(comparison, &verdict);
	warn_of_few_cores(comparison, &verdict);
	warn_of_few_executors(comparison, ARM_THREADS, &verdict);
	warn_of_few_executors(comparison, ARM_PROCESSES, &verdict);
	warn_of_others(comparison, &verdict);
	warn_of_cpu_times(comparison, &verdict);
	warn_of_noise(comparison, &verdict);
	warn_of_short_runs(comparison, &verdict);
	warn_of_few_rounds(comparison, &verdict);
	return verdict;
}
