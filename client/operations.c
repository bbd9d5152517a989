/*
 * Figures of io tasks, for sweep and convoy.
 *
 * Pure.
 */
#include "client/operations.h"

#include <math.h>
#include <stdlib.h>

#define ENOUGH_OPERATIONS 20

double
operations_number(const struct run *run)
{
	const struct job_result *result = &run->result;
	uint64_t n = 0;

	/* By task: where there is no lock the job has no record of one. */
	for (uint32_t i = 0; i < result->n_tasks; i++)
		n += result->tasks[i].lock.io_operations;
	return (double)n;
}

double
operations_per_second(const struct run *run)
{
	double wall_ns = (double)run->result.timing.wall_ns;

	return wall_ns > 0 ? operations_number(run) * 1e9 / wall_ns : 0;
}

double
operations_latency_ns(const struct run *run)
{
	const struct job_result *result = &run->result;

	return (double)(result->timing.io_ns + result->timing.lock_wait_ns) /
	    operations_number(run);
}

double
operations_company_rate(const struct run *run)
{
	const struct job_result *company = &run->company;
	double turns = 0;

	for (uint32_t i = 0; i < company->n_tasks; i++)
		turns += (double)company->tasks[i].turns;
	return company->timing.wall_ns > 0
	    ? turns * 1e9 / (double)company->timing.wall_ns
	    : 0;
}

double
operations_switch_rate(const struct run *run)
{
	double switches = (double)run->result.lock.switches +
	    (double)run->company.lock.switches;

	return run->result.timing.wall_ns > 0
	    ? switches * 1e9 / (double)run->result.timing.wall_ns
	    : 0;
}

struct histogram
operations_histogram(const struct run runs[], size_t n_runs, size_t arm)
{
	struct histogram histogram = {{0}};

	for (size_t i = 0; i < n_runs; i++)
		if (runs[i].arm == arm && runs[i].result.histograms != NULL)
			histogram_merge(
			    &histogram, &runs[i].result.histograms->io);
	return histogram;
}

void
operations_request(struct job_request *request, uint64_t every,
    uint64_t sleep_us, uint64_t for_ms, uint64_t wait_us)
{
	uint64_t enough_ms = ENOUGH_OPERATIONS * (sleep_us + wait_us) / 1000;

	request->count = REQUEST_MAX_COUNT;
	request->profile = PROFILE_IO;
	request->io_every = every;
	request->io_for_us = sleep_us;
	request->timeout_ms = for_ms > enough_ms ? for_ms : enough_ms;
}

int
operations_estimate(const struct run runs[], size_t n_runs, size_t arm,
    double (*figure)(const struct run *run), struct estimate *estimate)
{
	double *values = calloc(n_runs, sizeof(*values));
	size_t n;
	int status = 0;

	if (values == NULL)
		return -1;
	n = run_figures(runs, n_runs, arm, figure, values, 0);
	*estimate = estimate_exact(INFINITY);
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
			goto out;
	status = statistics_estimate_median(values, n, estimate);
out:
	free(values);
	return status;
}
