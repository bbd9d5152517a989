/*
 * Owns: the sentences about the generator itself. A server that is slow makes
 * no job late: the generator sends on. So what is late is late since a thread
 * of the generator was busy, or had no CPU.
 */
#include "client/load_judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "client/units.h"

static void say(struct load_generator *generator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct load_generator *generator, const char *format, ...)
{
	va_list args;

	if (generator->n_sentences == LOAD_MAX_SENTENCES)
		return;
	va_start(args, format);
	vsnprintf(generator->sentences[generator->n_sentences++],
	    LOAD_SENTENCE_CHARS + 1, format, args);
	va_end(args);
}

static double
share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static void
judge_skipped(struct load_report *report)
{
	const struct load_counts *counts = &report->counts;
	uint64_t full = counts->skipped - report->skipped_down;

	if (full > 0)
		say(&report->generator,
		    "%s jobs (%s) were skipped: as many as may be were under "
		    "way on all connections. They are in no percentile.",
		    units_count(full).text,
		    units_percent(share(full, counts->scheduled)).text);
	if (report->skipped_down > 0)
		say(&report->generator,
		    "%s jobs (%s) were skipped: there was no connection to "
		    "the server. They are in no percentile.",
		    units_count(report->skipped_down).text,
		    units_percent(
			share(report->skipped_down, counts->scheduled))
			.text);
}

void
load_judge(struct load_report *report, const struct load_evidence *evidence)
{
	struct load_generator *generator = &report->generator;
	uint64_t behind = report->late + report->counts.not_sent;
	double late = share(behind, report->counts.scheduled);

	*generator = (struct load_generator){
	    .cpu_share = evidence->cpu_share,
	    .busiest_share = evidence->busiest_share,
	    .late_share = late,
	};
	if (evidence->busiest_share >= LOAD_BUSY_SHARE) {
		generator->is_bottleneck = true;
		say(generator,
		    "gilctl itself was the bottleneck: one of its %" PRIu32
		    " threads was on a CPU for %s of the time. What it "
		    "measured is its own speed; more --threads, on free CPUs, "
		    "would help.",
		    evidence->threads,
		    units_percent(evidence->busiest_share).text);
	} else if (late >= LOAD_LATE_SHARE) {
		generator->is_bottleneck = true;
		say(generator,
		    "%s of the jobs were sent more than 1 ms late, the latest "
		    "by %s: gilctl did not get a CPU in time. That is in the "
		    "latencies, as the client's part.",
		    units_percent(late).text,
		    units_duration(report->worst_late_ns).text);
	}
	judge_skipped(report);
}

struct units_text
load_judge_limit(const struct load_step *step)
{
	struct units_text limit = {"-"};

	if (step->busiest_share >= LOAD_BUSY_SHARE)
		snprintf(limit.text, sizeof(limit.text), "%.20s busy",
		    units_percent(step->busiest_share).text);
	else if (step->is_bottleneck)
		snprintf(limit.text, sizeof(limit.text), "%.20s late",
		    units_percent(step->late_share).text);
	return limit;
}

/* The lowest rate that did not hold: it ends the search. */
static const struct load_step *
find_end(const struct load_report *report)
{
	const struct load_step *end = NULL;

	for (size_t i = 0; i < report->n_steps; i++) {
		const struct load_step *step = &report->steps[i];

		if (!step->is_met && (end == NULL || step->rate < end->rate))
			end = step;
	}
	return end;
}

bool
load_judge_search(
    const struct load_report *report, char text[LOAD_SENTENCE_CHARS + 1])
{
	const struct load_step *end = find_end(report);

	if (end == NULL || !end->is_bottleneck)
		return false;
	snprintf(text, LOAD_SENTENCE_CHARS + 1,
	    "At %s jobs a second gilctl itself was the limit (%s): the server "
	    "may hold more.",
	    units_count((uint64_t)(end->rate + 0.5)).text,
	    load_judge_limit(end).text);
	return true;
}

void
load_judge_generator(struct load_report *report,
    const struct load_worker workers[], size_t n_workers, uint64_t cpu_ns)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t all_ns = (report->run_ns + report->drain_ns) *
	    (cpus > 0 ? (uint64_t)cpus : 1);
	struct load_evidence evidence = {
	    .cpu_share = share(cpu_ns, all_ns),
	    .threads = (uint32_t)n_workers,
	};

	for (size_t i = 0; i < n_workers; i++) {
		double busy = share(workers[i].cpu_ns, workers[i].ran_ns);

		if (busy > evidence.busiest_share)
			evidence.busiest_share = busy;
	}
	load_judge(report, &evidence);
}
