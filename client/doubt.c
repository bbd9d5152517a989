/*
 * Each doubt is a predicate, and a function that puts it into words and says
 * what would help. All thresholds are here, at the top.
 *
 * Pure.
 */
#include "client/doubt.h"

#include <inttypes.h>
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
/* A control that is off by more says that the experiment is. */
#define CONTROL_TOLERANCE 0.1

static bool
is_countdown(const struct row *row)
{
	return row->kind == ROW_SEQUENTIAL || row->kind == ROW_ARM;
}

static double
cpu_share(const struct row *row)
{
	double life_ns = row->wall_ns.value * row->workers;

	return life_ns > 0 ? (double)row->cpu_ns / life_ns : 0;
}

/*
 * Without a lock a worker that has a CPU of its own uses all of it, unless it
 * has to share. A row of processes tells only where each can have one; a row of
 * threads under a lock never does, for a switch takes time that is nobody's.
 */
static bool
is_starved(const struct comparison *comparison, const struct row *row)
{
	return is_countdown(row) && !row_has_lock(row) &&
	    comparison_parallel(comparison, row) == row->workers &&
	    cpu_share(row) < CPU_SHARE;
}

static bool
is_noisy(const struct comparison *comparison)
{
	return comparison->noise_floor > NOISE_TOLERANCE;
}

/* An interval so wide that a difference worth having may hide in it. */
static bool
is_blurred(const struct row *row)
{
	const struct estimate *speedup = &row->base_contrast.speedup;

	return row->kind == ROW_ARM &&
	    row->base_contrast.difference == NOT_SEEN &&
	    (speedup->high >= WORTHWHILE_SPEEDUP ||
		speedup->low <= 1 / WORTHWHILE_SPEEDUP);
}

static bool
is_short(const struct comparison *comparison)
{
	return comparison->rows[0].wall_ns.value < (double)SHORT_WALL_NS;
}

static bool
are_few_rounds(const struct comparison *comparison)
{
	return comparison->rounds < ENOUGH_ROUNDS;
}

static bool
is_any(const struct comparison *comparison,
    bool (*is_so)(const struct comparison *comparison, const struct row *row))
{
	for (size_t i = 0; i < comparison->n_rows; i++)
		if (is_so(comparison, &comparison->rows[i]))
			return true;
	return false;
}

static bool
is_row_blurred(const struct comparison *comparison, const struct row *row)
{
	(void)comparison;
	return is_blurred(row);
}

/* What a control's speed-up is to be. */
static double
control_target(const struct comparison *comparison, const struct row *row)
{
	return row->kind == ROW_SLEEP ? comparison_parallel(comparison, row)
				      : 1;
}

static bool
is_control_off(const struct comparison *comparison, const struct row *row)
{
	double target = control_target(comparison, row);
	double speedup = row->base_contrast.speedup.value;

	if (row->kind == ROW_SLEEP)
		return speedup < target * (1 - CONTROL_TOLERANCE) ||
		    speedup > target * (1 + CONTROL_TOLERANCE);
	/* What is held may cost something, but it cannot gain. */
	return row->kind == ROW_HOLD && speedup > 1 + CONTROL_TOLERANCE;
}

bool
doubt_is_due(const struct comparison *comparison)
{
	return is_any(comparison, is_starved) || is_noisy(comparison) ||
	    is_any(comparison, is_row_blurred) || is_short(comparison) ||
	    are_few_rounds(comparison) || is_any(comparison, is_control_off);
}

static void
warn_of_few_cores(const struct comparison *comparison, struct verdict *verdict)
{
	if (comparison->cores < comparison->workers)
		verdict_add(verdict, VERDICT_WARNING,
		    "%" PRIu32 " workers share %" PRIu32
		    " CPU%s: take no more workers than CPUs to see what "
		    "processes can give.",
		    comparison->workers, comparison->cores,
		    comparison->cores == 1 ? "" : "s");
}

static void
warn_of_few_executors(const struct comparison *comparison,
    const struct row *row, struct verdict *verdict)
{
	uint32_t size = row->pool->size;

	/* Where the CPUs are fewer still, that is what to say. */
	if (!is_countdown(row) ||
	    (!row_has_lock(row) && size >= comparison->cores))
		return;
	if (size < row->workers)
		verdict_add(verdict, VERDICT_WARNING,
		    "the pool %s has %" PRIu32 " executor%s for %" PRIu32
		    " workers: some tasks waited for others. Give it a larger "
		    "size.",
		    row->pool->name, size, size == 1 ? "" : "s", row->workers);
}

static void
warn_of_cpu_times(const struct comparison *comparison, struct verdict *verdict)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t i = 0; i < comparison->n_rows; i++) {
		uint64_t cpu_ns = comparison->rows[i].cpu_ns;

		if (!is_countdown(&comparison->rows[i]))
			continue;
		if (cpu_ns < least)
			least = cpu_ns;
		if (cpu_ns > most)
			most = cpu_ns;
	}
	if ((double)most > (double)least * (1 + CPU_TOLERANCE))
		verdict_add(verdict, VERDICT_WARNING,
		    "the same work took from %s to %s of CPU time: something "
		    "else used this machine, its CPUs share a core, or a pool "
		    "does extra work.",
		    units_duration(least).text, units_duration(most).text);
}

static void
warn_of_others(const struct comparison *comparison, struct verdict *verdict)
{
	char rows[224] = "";

	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct row *row = &comparison->rows[i];
		size_t used = strlen(rows);

		if (is_starved(comparison, row))
			snprintf(rows + used, sizeof(rows) - used,
			    "%s%s (%s of the time)", used > 0 ? ", " : "",
			    row->label, units_percent(1 - cpu_share(row)).text);
	}
	if (rows[0] != '\0')
		verdict_add(verdict, VERDICT_WARNING,
		    "other programs kept the CPUs from %s.", rows);
}

static void
warn_of_noise(const struct comparison *comparison, struct verdict *verdict)
{
	if (is_noisy(comparison))
		verdict_add(verdict, VERDICT_WARNING,
		    "the same job measured twice differs by %s. Take more "
		    "--rounds, or a quiet machine.",
		    units_percent(comparison->noise_floor).text);
	else if (is_any(comparison, is_row_blurred))
		verdict_add(verdict, VERDICT_WARNING,
		    "an interval is so wide that a difference may hide in it. "
		    "Take more --rounds, or a quiet machine.");
}

static void
warn_of_short_runs(const struct comparison *comparison, struct verdict *verdict)
{
	if (is_short(comparison))
		verdict_add(verdict, VERDICT_WARNING,
		    "a run took only %s: starting counts as much as counting "
		    "down. Take a larger COUNT.",
		    units_duration(comparison->rows[0].sample.median).text);
}

static void
warn_of_few_rounds(const struct comparison *comparison, struct verdict *verdict)
{
	if (are_few_rounds(comparison))
		verdict_add(verdict, VERDICT_WARNING,
		    "%s round%s may be chance. Take --rounds %d or more.",
		    units_number_word(comparison->rounds).text,
		    comparison->rounds == 1 ? "" : "s", ENOUGH_ROUNDS);
}

static void
warn_of_controls(const struct comparison *comparison, const struct row *row,
    struct verdict *verdict)
{
	if (is_control_off(comparison, row))
		verdict_add(verdict, VERDICT_WARNING,
		    "the control \"%s\" should be at %.2fx and is at %.2fx: "
		    "what hinders or helps it does so to all.",
		    row->label, control_target(comparison, row),
		    row->base_contrast.speedup.value);
}

void
doubt_warn(const struct comparison *comparison, struct verdict *verdict)
{
	warn_of_few_cores(comparison, verdict);
	for (size_t i = 0; i < comparison->n_rows; i++)
		warn_of_few_executors(
		    comparison, &comparison->rows[i], verdict);
	warn_of_others(comparison, verdict);
	warn_of_cpu_times(comparison, verdict);
	warn_of_noise(comparison, verdict);
	warn_of_short_runs(comparison, verdict);
	warn_of_few_rounds(comparison, verdict);
	for (size_t i = 0; i < comparison->n_rows; i++)
		warn_of_controls(comparison, &comparison->rows[i], verdict);
}
