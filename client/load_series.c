/* Pure. */
#include "client/load_series.h"

#include <stdlib.h>

/* How many points make a stretch. */
static size_t
choose_group(const struct load_report *report)
{
	size_t most = report->n_points / LOAD_SERIES_POINTS;
	uint64_t done = report->counts.done;
	uint64_t wanted = done > 0
	    ? (LOAD_SERIES_JOBS * report->n_points + done - 1) / done
	    : most;

	if (wanted > most)
		wanted = most;
	return wanted > 0 ? (size_t)wanted : 1;
}

static void
add_point(struct load_point *sum, const struct load_point *point)
{
	sum->length_ns += point->length_ns;
	sum->scheduled += point->scheduled;
	sum->sent += point->sent;
	sum->done += point->done;
	sum->failed += point->failed;
	if (point->max_ns > sum->max_ns)
		sum->max_ns = point->max_ns;
	hdr_merge(&sum->latency, &point->latency);
}

/* Begins the next stretch with this point. */
static int
begin_stretch(struct load_series *series, const struct load_report *report,
    const struct load_point *point)
{
	struct load_point *sum = &series->points[series->n++];

	sum->start_ns = point->start_ns - report->script->warm_up_ns;
	if (point->start_ns < report->run_ns)
		series->n_sending = series->n;
	return hdr_init(&sum->latency, HDR_COARSE);
}

int
load_series_make(struct load_series *series, const struct load_report *report)
{
	size_t group = choose_group(report);
	size_t n_in_it = group; /* points, in the last stretch */

	*series = (struct load_series){
	    .points = calloc(report->n_points + 1, sizeof(*series->points)),
	};
	if (series->points == NULL)
		return -1;
	for (size_t i = 0; i < report->n_points; i++) {
		const struct load_point *point = &report->points[i];
		bool is_drain = point->start_ns >= report->run_ns;

		if (n_in_it == group ||
		    (is_drain && series->n_sending == series->n)) {
			if (begin_stretch(series, report, point) == -1)
				return -1;
			n_in_it = 0;
		}
		add_point(&series->points[series->n - 1], point);
		n_in_it++;
	}
	for (size_t i = 0; i < series->n; i++) {
		struct load_point *sum = &series->points[i];

		sum->p50_ns = hdr_quantile(&sum->latency, 0.5);
		sum->p99_ns = hdr_quantile(&sum->latency, 0.99);
	}
	return 0;
}

void
load_series_free(struct load_series *series)
{
	for (size_t i = 0; i < series->n; i++)
		hdr_free(&series->points[i].latency);
	free(series->points);
	*series = (struct load_series){0};
}
