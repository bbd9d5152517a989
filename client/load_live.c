/*
 * Owns: the words of the live line. Runs in the main thread, while the others
 * write what it reads: every figure is a whole one, but they are not all of the
 * same moment, which nobody can see in a line that is gone in a second.
 */
#include "client/load_live.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/units.h"

#define SECOND_NS UINT64_C(1000000000)
#define LEAST_RANGE 10.0
#define CURVE_POINTS 64
#define WANTED_ROOM 60 /* for all figures of most runs */

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

int
load_live_timeout_ms(const struct load_live *live, uint64_t now_ns)
{
	uint64_t next_ns = live->drawn_ns + SECOND_NS;

	if (!progress_is_live(&live->progress))
		return -1;
	if (!live->has_begun || now_ns >= next_ns)
		return 0;
	return (int)((next_ns - now_ns + 999999) / 1000000);
}

/* --- words --- */

/* Puts a figure behind the others, if there is room for it. */
static void __attribute__((format(printf, 3, 4)))
add_figure(char text[LOAD_LIVE_CHARS + 1], size_t room, const char *format, ...)
{
	size_t length = strlen(text);
	char figure[64];
	va_list args;

	va_start(args, format);
	vsnprintf(figure, sizeof(figure), format, args);
	va_end(args);
	if (length + 2 + strlen(figure) > room)
		return;
	snprintf(text + length, LOAD_LIVE_CHARS + 1 - length, "%s%s",
	    length > 0 ? "  " : "", figure);
}

void
load_live_describe(const struct load_moment *moment, size_t room,
    char text[LOAD_LIVE_CHARS + 1])
{
	/* These it always says, and is cut where that is too much. */
	size_t all = LOAD_LIVE_CHARS;

	text[0] = '\0';
	if (moment->is_drain)
		add_figure(text, all, "waiting for %s answer%s",
		    units_amount(moment->under_way).text,
		    moment->under_way == 1 ? "" : "s");
	else if (!moment->is_first)
		add_figure(text, all, "%s/s",
		    units_count((uint64_t)moment->rate).text);
	if (moment->is_warm_up)
		add_figure(text, all, "warming up");
	else if (moment->has_latency && !moment->is_drain)
		add_figure(text, all, "p50 %s  p99 %s",
		    units_duration(moment->p50_ns).text,
		    units_duration(moment->p99_ns).text);
	else if (!moment->is_drain)
		add_figure(text, all, "no answers");
	if (moment->failed > 0)
		add_figure(
		    text, all, "%s failed", units_amount(moment->failed).text);
	if (moment->left_ns >= SECOND_NS && !moment->is_drain)
		add_figure(
		    text, room, "%s left", units_uptime(moment->left_ns).text);
	if (moment->under_way > 0 && !moment->is_drain)
		add_figure(text, room, "%s under way",
		    units_amount(moment->under_way).text);
}

/* --- the curve --- */

void
load_live_scale(double durations_ns[], size_t n)
{
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < n; i++) {
		if (durations_ns[i] <= 0)
			continue;
		low = fmin(low, durations_ns[i]);
		high = fmax(high, durations_ns[i]);
	}
	high = fmax(high, low * LEAST_RANGE);
	for (size_t i = 0; i < n; i++)
		durations_ns[i] = durations_ns[i] > 0
		    ? log(durations_ns[i] / low) / log(high / low)
		    : NAN;
}

/* Merges the latencies of intervals from first to last of all workers. */
static void
merge_intervals(struct load_live *live, const struct load_worker workers[],
    size_t n_workers, size_t first, size_t last)
{
	hdr_clear(&live->latency);
	for (size_t i = 0; i < n_workers; i++) {
		const struct load_tally *tally = &workers[i].tally;

		for (size_t j = first; j <= last && j < tally->n_intervals; j++)
			hdr_merge(&live->latency, &tally->intervals[j].latency);
	}
}

/* The interval of a moment; the first, where that is in the warm-up. */
static size_t
interval_at(const struct load_tally *tally, uint64_t at_ns)
{
	uint64_t warm_up_ns = tally->script->warm_up_ns;

	return at_ns > warm_up_ns
	    ? (size_t)((at_ns - warm_up_ns) / tally->interval_ns)
	    : 0;
}

/* p99 at even distances over the whole run, as heights. */
static void
find_curve(struct load_live *live, const struct load_worker workers[],
    size_t n_workers, uint64_t now_ns, double curve[CURVE_POINTS])
{
	const struct load_tally *tally = &workers[0].tally;
	uint64_t duration_ns = load_script_duration_ns(tally->script);

	for (size_t i = 0; i < CURVE_POINTS; i++) {
		uint64_t from_ns = duration_ns / CURVE_POINTS * i;
		uint64_t to_ns = duration_ns / CURVE_POINTS * (i + 1);

		curve[i] = 0;
		if (to_ns <= tally->script->warm_up_ns || from_ns > now_ns)
			continue;
		merge_intervals(live, workers, n_workers,
		    interval_at(tally, from_ns), interval_at(tally, to_ns - 1));
		curve[i] = (double)hdr_quantile(&live->latency, 0.99);
	}
	load_live_scale(curve, CURVE_POINTS);
}

/* --- a moment --- */

static uint64_t
look(const uint64_t *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

static struct load_moment
find_moment(struct load_live *live, const struct load_worker workers[],
    size_t n_workers, uint64_t now_ns)
{
	const struct load_tally *tally = &workers[0].tally;
	uint64_t duration_ns = load_script_duration_ns(tally->script);
	uint64_t sent = 0, done = 0;
	struct load_moment moment = {
	    .is_first = !live->has_begun,
	    .is_warm_up = now_ns < tally->script->warm_up_ns,
	    .is_drain = now_ns >= duration_ns,
	    .left_ns = now_ns < duration_ns ? duration_ns - now_ns : 0,
	};

	for (size_t i = 0; i < n_workers; i++) {
		done += look(&workers[i].tally.done);
		moment.failed += look(&workers[i].tally.failed);
		sent += look(&workers[i].tally.sent);
	}
	if (sent > done + moment.failed)
		moment.under_way = sent - done - moment.failed;
	moment.rate = load_rate(done - live->done, now_ns - live->drawn_ns);
	merge_intervals(live, workers, n_workers,
	    interval_at(tally, now_ns > SECOND_NS ? now_ns - SECOND_NS : 0),
	    interval_at(tally, now_ns));
	moment.has_latency = live->latency.count > 0;
	moment.p50_ns = hdr_quantile(&live->latency, 0.5);
	moment.p99_ns = hdr_quantile(&live->latency, 0.99);
	live->done = done;
	return moment;
}

void
load_live_draw(struct load_live *live, const struct load_worker workers[],
    size_t n_workers, uint64_t now_ns)
{
	uint64_t duration_ns = load_script_duration_ns(workers[0].tally.script);
	struct load_moment moment =
	    find_moment(live, workers, n_workers, now_ns);
	double curve[CURVE_POINTS];
	size_t room = progress_room(&live->progress, live->label);
	char detail[LOAD_LIVE_CHARS + 1], padded[LOAD_LIVE_CHARS + 1];

	if (room > WANTED_ROOM)
		room = WANTED_ROOM;
	load_live_describe(&moment, room, detail);
	/* So that the bar's end stands still while figures come and go. */
	snprintf(padded, sizeof(padded), "%-*s", (int)room, detail);
	find_curve(live, workers, n_workers, now_ns, curve);
	progress_draw_curve(&live->progress, live->label,
	    now_ns < duration_ns ? (double)now_ns / (double)duration_ns : 1,
	    curve, CURVE_POINTS, padded);
	live->drawn_ns = now_ns;
	live->has_begun = true;
}
