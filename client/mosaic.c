/*
 * Owns: the bins of a picture. Run by gilctl; pure.
 *
 * When something ends behind the last bin, all bins are folded, two into one.
 * So between a half and all of them are in use, but for a recording that is
 * shorter than the first bins are together.
 */
#include "client/mosaic.h"

#include <stdlib.h>
#include <string.h>

struct mosaic *
mosaic_new(void)
{
	struct mosaic *mosaic = calloc(1, sizeof(*mosaic));

	if (mosaic != NULL)
		mosaic->bin_ns = MOSAIC_FIRST_BIN_NS;
	return mosaic;
}

void
mosaic_free(struct mosaic *mosaic)
{
	if (mosaic == NULL)
		return;
	for (size_t i = 0; i < MOSAIC_LANES; i++)
		free(mosaic->lanes[i]);
	free(mosaic->waiters);
	free(mosaic);
}

static void
fold(uint64_t bins[MOSAIC_BINS])
{
	for (size_t i = 0; i < MOSAIC_BINS / 2; i++)
		bins[i] = bins[2 * i] + bins[2 * i + 1];
	memset(bins + MOSAIC_BINS / 2, 0, MOSAIC_BINS / 2 * sizeof(*bins));
}

/* Makes room for what ends so long after the origin. */
static void
reach(struct mosaic *mosaic, uint64_t end_ns)
{
	while (end_ns > mosaic->bin_ns * MOSAIC_BINS) {
		mosaic->bin_ns *= 2;
		fold(mosaic->waiting_ns);
		for (size_t i = 0; i < MOSAIC_LANES; i++) {
			if (mosaic->lanes[i] == NULL)
				continue;
			for (size_t j = 0; j < TIMELINE_STATES; j++)
				fold(mosaic->lanes[i]->state_ns[j]);
		}
	}
}

/* Adds weight times the time from start to end, both since the origin. */
static void
add_span(const struct mosaic *mosaic, uint64_t bins[MOSAIC_BINS],
    uint64_t start_ns, uint64_t end_ns, uint64_t weight)
{
	while (start_ns < end_ns) {
		size_t bin = start_ns / mosaic->bin_ns;
		uint64_t next_ns = (bin + 1) * mosaic->bin_ns;

		if (next_ns > end_ns)
			next_ns = end_ns;
		bins[bin] += (next_ns - start_ns) * weight;
		start_ns = next_ns;
	}
}

uint64_t
mosaic_since_origin(const struct mosaic *mosaic, uint64_t time_ns)
{
	return time_ns > mosaic->origin_ns ? time_ns - mosaic->origin_ns : 0;
}

static void
see_begin(void *arg, uint64_t time_ns)
{
	struct mosaic *mosaic = arg;

	mosaic->origin_ns = time_ns;
}

static void
see_slice(void *arg, const struct timeline_slice *slice)
{
	struct mosaic *mosaic = arg;
	uint64_t start_ns = mosaic_since_origin(mosaic, slice->start_ns);
	uint64_t end_ns = mosaic_since_origin(mosaic, slice->end_ns);
	struct mosaic_lane **lane;

	if (slice->thread >= MOSAIC_LANES)
		return;
	lane = &mosaic->lanes[slice->thread];
	if (*lane == NULL)
		*lane = calloc(1, sizeof(**lane));
	if (*lane == NULL) {
		mosaic->is_out_of_memory = true;
		return;
	}
	reach(mosaic, end_ns);
	add_span(mosaic, (*lane)->state_ns[slice->state], start_ns, end_ns, 1);
}

static void
see_arrow(void *arg, const struct timeline_arrow *arrow)
{
	struct mosaic *mosaic = arg;

	if (mosaic->n_arrows < MOSAIC_ARROWS)
		mosaic->arrows[mosaic->n_arrows] = *arrow;
	mosaic->n_arrows++;
}

static void
see_mark(void *arg, const struct timeline_mark *mark)
{
	struct mosaic *mosaic = arg;

	if (mosaic->n_all_marks < MOSAIC_MARKS)
		mosaic->marks[mosaic->n_all_marks] = *mark;
	mosaic->n_all_marks++;
	mosaic->n_marks[mark->kind]++;
}

/* What the waiters were so far is entered up to now. */
static void
waiters_advance(struct mosaic *mosaic, uint64_t now_ns)
{
	if (now_ns <= mosaic->waiters_since_ns)
		return;
	reach(mosaic, now_ns);
	add_span(mosaic, mosaic->waiting_ns, mosaic->waiters_since_ns, now_ns,
	    mosaic->waiters_now);
	mosaic->waiters_since_ns = now_ns;
}

static void
see_waiters(void *arg, uint16_t domain, uint64_t time_ns, uint64_t waiters)
{
	struct mosaic *mosaic = arg;

	if (domain >= mosaic->n_domains) {
		uint64_t *grown =
		    realloc(mosaic->waiters, (domain + 1U) * sizeof(*grown));

		if (grown == NULL) {
			mosaic->is_out_of_memory = true;
			return;
		}
		mosaic->waiters = grown;
		while (mosaic->n_domains <= domain)
			grown[mosaic->n_domains++] = 0;
	}
	waiters_advance(mosaic, mosaic_since_origin(mosaic, time_ns));
	mosaic->waiters_now += waiters - mosaic->waiters[domain];
	mosaic->waiters[domain] = waiters;
}

struct timeline_sink
mosaic_sink(struct mosaic *mosaic)
{
	return (struct timeline_sink){
	    .arg = mosaic,
	    .begin = see_begin,
	    .slice = see_slice,
	    .arrow = see_arrow,
	    .mark = see_mark,
	    .waiters = see_waiters,
	};
}

void
mosaic_end(struct mosaic *mosaic, uint64_t time_ns)
{
	waiters_advance(mosaic, mosaic_since_origin(mosaic, time_ns));
}
