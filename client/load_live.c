/*
 * Owns: the words of the live line. Runs in the main thread, while the others
 * write what it reads: every figure is a whole one, but they are not all of the
 * same moment, which nobody can see in a line that is gone in a second.
 */
#include "client/load_live.h"

#include <stdio.h>

#include "client/units.h"

#define WINDOW_NS UINT64_C(1000000000)

int
load_live_begin(struct load_live *live, const char *label)
{
	*live = (struct load_live){.label = label};
	progress_init(&live->progress);
	return hdr_init(&live->latency, HDR_COARSE);
}

void
load_live_end(struct load_live *live)
{
	progress_clear(&live->progress);
	hdr_free(&live->latency);
}

bool
load_live_is_seen(const struct load_live *live)
{
	return progress_is_live(&live->progress);
}

static uint64_t
look(const uint64_t *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

/* The latencies of the intervals that end in the last second. */
static void
merge_window(
    struct load_live *live, const struct load_tally *tally, uint64_t now_ns)
{
	uint64_t warm_up_ns = tally->script->warm_up_ns;
	uint64_t from_ns = now_ns > WINDOW_NS ? now_ns - WINDOW_NS : 0;
	size_t first = 0, last;

	if (now_ns < warm_up_ns)
		return;
	if (from_ns > warm_up_ns)
		first = (size_t)((from_ns - warm_up_ns) / tally->interval_ns);
	last = (size_t)((now_ns - warm_up_ns) / tally->interval_ns);
	for (size_t i = first; i <= last && i < tally->n_intervals; i++)
		hdr_merge(&live->latency, &tally->intervals[i].latency);
}

void
load_live_draw(struct load_live *live, const struct load_worker workers[],
    size_t n_workers, uint64_t now_ns)
{
	const struct load_script *script = workers[0].tally.script;
	uint64_t duration_ns = load_script_duration_ns(script);
	uint64_t done = 0, failed = 0, since_ns = now_ns - live->drawn_ns;
	char detail[160], errors[48] = "";

	hdr_clear(&live->latency);
	for (size_t i = 0; i < n_workers; i++) {
		done += look(&workers[i].tally.done);
		failed += look(&workers[i].tally.failed);
		merge_window(live, &workers[i].tally, now_ns);
	}
	if (failed > 0)
		snprintf(errors, sizeof(errors), "  %s failed",
		    units_amount(failed).text);
	if (now_ns < script->warm_up_ns)
		snprintf(detail, sizeof(detail), "%s/s, warming up%s",
		    units_count(
			(uint64_t)load_rate(done - live->done, since_ns))
			.text,
		    errors);
	else
		snprintf(detail, sizeof(detail), "%s/s  p50 %s  p99 %s%s",
		    units_count(
			(uint64_t)load_rate(done - live->done, since_ns))
			.text,
		    units_duration(hdr_quantile(&live->latency, 0.5)).text,
		    units_duration(hdr_quantile(&live->latency, 0.99)).text,
		    errors);
	progress_draw(&live->progress, live->label,
	    now_ns < duration_ns ? (double)now_ns / (double)duration_ns : 1,
	    detail);
	live->drawn_ns = now_ns;
	live->done = done;
	live->failed = failed;
}
