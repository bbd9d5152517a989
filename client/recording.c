/*
 * Owns: the talk with the server about a pool's events. Run by gilctl.
 *
 * The numbers of events have no gaps, so that a recording knows where it is by
 * one number: what `next` of one page said is `since` of the next. Events that
 * were lost in between are missing numbers, which the timeline notices.
 */
#include "client/recording.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/show.h"
#include "proto/lockwire.h"

#define PAGE_EVENTS 4000 /* the most that the server gives at a time */
#define MAX_PAGES 16	 /* at a time, where they come as fast as we read */

/* One page of events. */
struct page {
	json_t *json; /* owned */
	const json_t *events;
	uint64_t next;
};

static enum outcome
not_understood(const struct context *context, const char *why)
{
	command_complain(context->command,
	    "cannot understand the events of the server: %s", why);
	return OUTCOME_NO_SERVER;
}

static enum outcome
page_read(const struct context *context, struct gil *gil, json_t *params,
    struct page *page)
{
	enum outcome outcome =
	    talk_ask(context, gil, "lock.events", params, &page->json);
	json_t *events;
	json_int_t next;

	if (outcome != OUTCOME_FINE)
		return outcome;
	if (json_unpack(page->json, "{s:o, s:I}", "events", &events, "next",
		&next) == -1 ||
	    !json_is_array(events) || next < 0) {
		json_decref(page->json);
		return not_understood(context, "events or next is missing");
	}
	page->events = events;
	page->next = (uint64_t)next;
	return OUTCOME_FINE;
}

/* --- a pool --- */

/* Reads a page from recording->next on; *n: how many events it had. */
static enum outcome
recording_turn(
    struct recording *recording, struct timeline *timeline, size_t *n)
{
	const struct context *context = recording->context;
	struct page page;
	const json_t *json;
	enum outcome outcome = page_read(context, recording->gil,
	    json_pack("{s:s, s:I, s:i}", "pool", recording->pool, "since",
		(json_int_t)recording->next, "limit", PAGE_EVENTS),
	    &page);

	if (outcome != OUTCOME_FINE) {
		recording->has_lost_track = outcome == OUTCOME_NO_SERVER;
		return outcome;
	}
	*n = json_array_size(page.events);
	recording->next = page.next;
	for (size_t i = 0; i < *n && outcome == OUTCOME_FINE; i++) {
		struct lock_event event;
		struct rpc_error error;

		json = json_array_get(page.events, i);
		if (lock_event_from_json(json, &event, &error) == -1)
			outcome = not_understood(context, error.detail);
		else if (timeline != NULL &&
		    timeline_add(timeline, &event) == -1)
			outcome = talk_no_memory(context);
	}
	json_decref(page.json);
	return outcome;
}

enum outcome
recording_follow(struct recording *recording, struct timeline *timeline)
{
	enum outcome outcome = OUTCOME_FINE;
	size_t n = PAGE_EVENTS;

	for (int i = 0; i < MAX_PAGES && n == PAGE_EVENTS; i++) {
		outcome = recording_turn(recording, timeline, &n);
		if (outcome != OUTCOME_FINE)
			break;
	}
	return outcome;
}

static enum outcome
set_events(struct recording *recording, bool is_on)
{
	json_t *pool;
	enum outcome outcome =
	    talk_ask(recording->context, recording->gil, "pool.set",
		json_pack("{s:s, s:b}", "pool", recording->pool, "events",
		    (int)is_on),
		&pool);

	if (outcome == OUTCOME_FINE)
		json_decref(pool);
	return outcome;
}

/* The number of the next event, as far as it is known now. */
static enum outcome
ask_number(const struct context *context, struct gil *gil, const char *name,
    uint64_t *number)
{
	const json_t *pool;
	json_t *stats;
	size_t i;
	enum outcome outcome =
	    talk_ask(context, gil, "server.stats", json_object(), &stats);

	if (outcome != OUTCOME_FINE)
		return outcome;
	*number = 0;
	json_array_foreach (json_object_get(stats, "pools"), i, pool) {
		const json_t *lock = json_object_get(pool, "lock");

		if (strcmp(show_text(pool, "name"), name) == 0)
			*number = show_number(
			    json_object_get(lock, "events"), "recorded");
	}
	json_decref(stats);
	return OUTCOME_FINE;
}

/* Which pool it is, and that it has a lock. */
static enum outcome
find_pool(struct recording *recording)
{
	const struct context *context = recording->context;
	json_t *pools;
	const json_t *pool;
	size_t i;
	enum outcome outcome = talk_ask(
	    context, recording->gil, "pool.list", json_object(), &pools);

	if (outcome != OUTCOME_FINE)
		return outcome;
	json_array_foreach (json_object_get(pools, "pools"), i, pool) {
		if (strcmp(show_text(pool, "name"), recording->pool) == 0)
			recording->parameters = json_deep_copy(pool);
	}
	json_decref(pools);
	if (recording->parameters == NULL) {
		command_complain(context->command,
		    "there is no pool \"%.40s\"; gilctl pools lists them",
		    recording->pool);
		return OUTCOME_REFUSED;
	}
	if (!json_is_object(json_object_get(recording->parameters, "lock"))) {
		command_complain(context->command,
		    "pool %s is one of processes: there is no lock to record",
		    recording->pool);
		return OUTCOME_REFUSED;
	}
	return OUTCOME_FINE;
}

static bool
is_on(const struct recording *recording)
{
	const json_t *lock = json_object_get(recording->parameters, "lock");

	return json_is_true(json_object_get(lock, "events"));
}

enum outcome
recording_begin(struct recording *recording, const struct context *context,
    struct gil *gil, const char *pool)
{
	enum outcome outcome;

	*recording = (struct recording){
	    .context = context,
	    .gil = gil,
	    .pool = pool,
	};
	outcome = find_pool(recording);
	if (outcome == OUTCOME_FINE)
		outcome = ask_number(context, gil, pool, &recording->next);
	if (outcome == OUTCOME_FINE && !is_on(recording)) {
		outcome = set_events(recording, true);
		recording->has_turned_on = outcome == OUTCOME_FINE;
		if (recording->has_turned_on)
			command_complain(context->command,
			    "turned the events of pool %s on for this "
			    "recording",
			    pool);
	}
	if (outcome != OUTCOME_FINE)
		recording_free(recording);
	return outcome;
}

enum outcome
recording_end(struct recording *recording, struct timeline *timeline)
{
	enum outcome outcome = OUTCOME_FINE;
	uint64_t end = 0;
	size_t n;

	if (recording->has_lost_track)
		return OUTCOME_NO_SERVER;
	if (recording->has_turned_on)
		outcome = set_events(recording, false);
	if (outcome == OUTCOME_FINE && timeline != NULL)
		outcome = ask_number(
		    recording->context, recording->gil, recording->pool, &end);
	while (outcome == OUTCOME_FINE && recording->next < end) {
		uint64_t before = recording->next;

		outcome = recording_turn(recording, timeline, &n);
		if (recording->next == before)
			break;
	}
	return outcome;
}

void
recording_free(struct recording *recording)
{
	json_decref(recording->parameters);
	recording->parameters = NULL;
}

/* --- a job --- */

static enum outcome
kept_append(const struct context *context, struct recording_kept *kept,
    const json_t *events)
{
	size_t n = json_array_size(events);
	struct lock_event *grown =
	    realloc(kept->events, (kept->n_events + n + 1) * sizeof(*grown));

	if (grown == NULL)
		return talk_no_memory(context);
	kept->events = grown;
	for (size_t i = 0; i < n; i++) {
		struct rpc_error error;

		if (lock_event_from_json(json_array_get(events, i),
			&grown[kept->n_events], &error) == -1)
			return not_understood(context, error.detail);
		kept->n_events++;
	}
	return OUTCOME_FINE;
}

/* A page of the job's events, from *since on (-1: the oldest). */
static enum outcome
kept_turn(const struct context *context, struct gil *gil, const char *job,
    json_int_t *since, struct recording_kept *kept)
{
	json_t *params =
	    json_pack("{s:s, s:i}", "job", job, "limit", PAGE_EVENTS);
	struct page page;
	enum outcome outcome;

	if (*since >= 0)
		json_object_set_new(params, "since", json_integer(*since));
	outcome = page_read(context, gil, params, &page);
	if (outcome != OUTCOME_FINE)
		return outcome;
	snprintf(
	    kept->pool, sizeof(kept->pool), "%s", show_text(page.json, "pool"));
	*since = (json_int_t)page.next;
	outcome = kept_append(context, kept, page.events);
	json_decref(page.json);
	return outcome;
}

/* As many as there are when it begins. */
static enum outcome
kept_read(const struct context *context, struct gil *gil, const char *job,
    struct recording_kept *kept)
{
	json_int_t since = -1, before = -1;
	uint64_t end;
	enum outcome outcome = kept_turn(context, gil, job, &since, kept);

	if (outcome == OUTCOME_FINE)
		outcome = ask_number(context, gil, kept->pool, &end);
	while (outcome == OUTCOME_FINE && since > before &&
	    (uint64_t)since < end) {
		before = since;
		outcome = kept_turn(context, gil, job, &since, kept);
	}
	return outcome;
}

enum outcome
recording_read_job(const struct context *context, struct gil *gil,
    const char *job, struct recording_kept *kept)
{
	enum outcome outcome;

	*kept = (struct recording_kept){0};
	outcome = kept_read(context, gil, job, kept);
	if (outcome == OUTCOME_FINE && kept->n_events == 0) {
		command_complain(context->command,
		    "no events of job %.40s are kept any more", job);
		outcome = OUTCOME_NOT_DONE;
	}
	if (outcome != OUTCOME_FINE) {
		free(kept->events);
		kept->events = NULL;
	}
	return outcome;
}
