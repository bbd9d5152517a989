/*
 * Owns: the arithmetic of rates. A stretch is the warm-up or a phase: it has a
 * start, a length and two rates. A job's position is what the integral of the
 * rate has come to when it is due; the warm-up's positions are negative, so
 * that however long it is, the phases get the same jobs.
 *
 * Pure; each thread has a schedule of its own.
 */
#include "client/load_schedule.h"

#include <math.h>

struct stretch {
	uint64_t start_ns;
	double seconds;
	double from_rate;
	double to_rate;
};

static bool
find_stretch(
    const struct load_script *script, size_t i, struct stretch *stretch)
{
	const struct load_phase *phase = &script->phases[i > 0 ? i - 1 : 0];

	if (i > script->n_phases)
		return false;
	*stretch = (struct stretch){
	    .start_ns = phase->start_ns,
	    .seconds = (double)phase->duration_ns / 1e9,
	    .from_rate = phase->from_rate,
	    .to_rate = phase->to_rate,
	};
	if (i == 0) {
		stretch->start_ns = 0;
		stretch->seconds = (double)script->warm_up_ns / 1e9;
		stretch->to_rate = stretch->from_rate;
	}
	return true;
}

static double
jobs_of(const struct stretch *stretch)
{
	return (stretch->from_rate + stretch->to_rate) / 2 * stretch->seconds;
}

/*
 * The seconds after which the integral of the rate is `jobs`: the root of from
 * * t + slope * t^2 / 2 = jobs, written so that nothing cancels out.
 */
static double
seconds_until(const struct stretch *stretch, double jobs)
{
	double slope =
	    (stretch->to_rate - stretch->from_rate) / stretch->seconds;
	double under =
	    stretch->from_rate * stretch->from_rate + 2 * slope * jobs;
	double divisor = stretch->from_rate + sqrt(under > 0 ? under : 0);

	return divisor > 0 ? 2 * jobs / divisor : 0;
}

static double
exponential(struct load_schedule *schedule)
{
	return -log(chance_real(&schedule->chance)) * schedule->n_threads;
}

void
load_schedule_init(struct load_schedule *schedule,
    const struct load_script *script, uint32_t thread, uint32_t n_threads)
{
	struct stretch warm_up;

	*schedule = (struct load_schedule){
	    .script = script,
	    .n_threads = n_threads,
	};
	/* Seeds that differ by little give streams that have nothing alike. */
	chance_init(
	    &schedule->chance, script->seed * LOAD_MAX_THREADS + thread);
	for (size_t i = 0; i < script->n_classes; i++)
		schedule->weights += script->classes[i].weight;
	find_stretch(script, 0, &warm_up);
	schedule->before = -jobs_of(&warm_up);
	if (script->arrival == LOAD_UNIFORM)
		schedule->position =
		    ceil(schedule->before - 0.5) + 0.5 + thread;
	else
		schedule->position = schedule->before + exponential(schedule);
}

size_t
load_schedule_class(struct load_schedule *schedule)
{
	const struct load_script *script = schedule->script;
	uint64_t drawn;
	size_t i = 0;

	if (script->n_classes == 1)
		return 0;
	drawn = chance_below(&schedule->chance, schedule->weights);
	while (drawn >= script->classes[i].weight)
		drawn -= script->classes[i++].weight;
	return i;
}

bool
load_schedule_next(struct load_schedule *schedule, struct load_job *job)
{
	const struct load_script *script = schedule->script;
	struct stretch stretch;
	double seconds;

	for (;; schedule->stretch++) {
		if (!find_stretch(script, schedule->stretch, &stretch))
			return false;
		if (schedule->position < schedule->before + jobs_of(&stretch))
			break;
		schedule->before = schedule->stretch == 0
		    ? 0
		    : schedule->before + jobs_of(&stretch);
	}
	seconds =
	    seconds_until(&stretch, schedule->position - schedule->before);
	if (seconds > stretch.seconds)
		seconds = stretch.seconds;
	job->at_ns = stretch.start_ns + (uint64_t)(seconds * 1e9);
	job->phase =
	    schedule->stretch == 0 ? LOAD_WARM_UP : schedule->stretch - 1;
	job->class = load_schedule_class(schedule);
	schedule->position += script->arrival == LOAD_UNIFORM
	    ? schedule->n_threads
	    : exponential(schedule);
	return true;
}

size_t
load_schedule_phase(const struct load_script *script, uint64_t at_ns)
{
	size_t i = 0;

	if (at_ns < script->warm_up_ns)
		return LOAD_WARM_UP;
	while (
	    i + 1 < script->n_phases && at_ns >= script->phases[i + 1].start_ns)
		i++;
	return i;
}

uint32_t
load_schedule_clients(const struct load_script *script, uint64_t at_ns)
{
	size_t phase = load_schedule_phase(script, at_ns);

	return script->phases[phase == LOAD_WARM_UP ? 0 : phase].clients;
}
