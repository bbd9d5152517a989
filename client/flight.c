/*
 * A job's id is line x size + place: it tells the place at once, and since
 * lines are never used again neither are ids. A job that was put off is in the
 * queue once and is no longer to be found until its next try. So an answer that
 * comes twice finds nothing, whatever it says.
 */
#include "client/flight.h"

#include <stdlib.h>

int
flight_init(struct flight *flight, size_t size)
{
	*flight = (struct flight){
	    .size = size,
	    .jobs = calloc(size, sizeof(*flight->jobs)),
	    .idle = calloc(size, sizeof(*flight->idle)),
	    .busy = calloc(size, sizeof(*flight->busy)),
	    .pause_ms = FLIGHT_FIRST_PAUSE_MS,
	};
	if (flight->jobs == NULL || flight->idle == NULL ||
	    flight->busy == NULL)
		return -1;
	for (; flight->n_idle < size; flight->n_idle++)
		flight->idle[flight->n_idle] = size - 1 - flight->n_idle;
	return 0;
}

void
flight_free(struct flight *flight)
{
	if (flight->jobs != NULL)
		for (size_t i = 0; i < flight->size; i++)
			json_decref(flight->jobs[i].params);
	free(flight->jobs);
	free(flight->idle);
	free(flight->busy);
}

bool
flight_is_full(const struct flight *flight)
{
	return flight->n_idle == 0;
}

bool
flight_is_empty(const struct flight *flight)
{
	return flight->n_idle == flight->size;
}

uint64_t
flight_add(struct flight *flight, uint64_t line, json_t *params)
{
	size_t place = flight->idle[--flight->n_idle];

	flight->jobs[place] =
	    (struct flight_job){.line = line, .params = params};
	return line * flight->size + place;
}

const struct flight_job *
flight_find(const struct flight *flight, uint64_t id)
{
	const struct flight_job *job = &flight->jobs[id % flight->size];

	if (job->line == 0 || job->line != id / flight->size || job->is_put_off)
		return NULL;
	return job;
}

void
flight_land(struct flight *flight, uint64_t id)
{
	size_t place = id % flight->size;

	json_decref(flight->jobs[place].params);
	flight->jobs[place] = (struct flight_job){0};
	flight->idle[flight->n_idle++] = place;
	flight->pause_ms = FLIGHT_FIRST_PAUSE_MS;
}

void
flight_put_off(
    struct flight *flight, uint64_t id, int64_t now_ms, int64_t at_least_ms)
{
	int64_t pause_ms =
	    flight->pause_ms > at_least_ms ? flight->pause_ms : at_least_ms;
	size_t end = (flight->first_busy + flight->n_busy) % flight->size;
	size_t place = id % flight->size;

	if (flight->n_busy++ == 0 || flight->retry_at_ms < now_ms + at_least_ms)
		flight->retry_at_ms = now_ms + pause_ms;
	flight->busy[end] = place;
	flight->jobs[place].is_put_off = true;
}

uint64_t
flight_retry(struct flight *flight)
{
	size_t place;

	if (flight->n_busy == 0)
		return 0;
	place = flight->busy[flight->first_busy];
	flight->first_busy = (flight->first_busy + 1) % flight->size;
	flight->n_busy--;
	flight->jobs[place].is_put_off = false;
	return flight->jobs[place].line * flight->size + place;
}

size_t
flight_retries_due(struct flight *flight, int64_t now_ms)
{
	if (flight->n_busy == 0 || now_ms < flight->retry_at_ms)
		return 0;
	flight->pause_ms *= 2;
	if (flight->pause_ms > FLIGHT_LAST_PAUSE_MS)
		flight->pause_ms = FLIGHT_LAST_PAUSE_MS;
	return flight->n_busy;
}

uint64_t
flight_at(const struct flight *flight, size_t place)
{
	const struct flight_job *job = &flight->jobs[place];

	if (job->line == 0 || job->is_put_off)
		return 0;
	return job->line * flight->size + place;
}

static bool
has_key(const struct flight_job *job)
{
	return json_object_get(job->params, "key") != NULL;
}

size_t
flight_count_keyed(const struct flight *flight)
{
	size_t n = 0;

	for (size_t i = 0; i < flight->size; i++)
		n += flight->jobs[i].line != 0 && has_key(&flight->jobs[i]);
	return n;
}

size_t
flight_count_bare(const struct flight *flight)
{
	size_t n = 0;

	for (size_t i = 0; i < flight->size; i++)
		n += flight_at(flight, i) != 0 && !has_key(&flight->jobs[i]);
	return n;
}

size_t
flight_count(const struct flight *flight, uint64_t *first_line)
{
	*first_line = 0;
	for (size_t i = 0; i < flight->size; i++) {
		uint64_t line = flight->jobs[i].line;

		if (line != 0 && (*first_line == 0 || line < *first_line))
			*first_line = line;
	}
	return flight->size - flight->n_idle;
}
