/*
 * What a frontend tells the recorder of the jobs that it has, and the results
 * that it keeps until they are on the disk. Run by the frontend's one thread.
 * What waits in the link's buffer is bounded: by the jobs that there may be,
 * by max_client_bytes of results, and by HISTORY_ROOM.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/frontend.h"
#include "daemon/log.h"
#include "daemon/records_private.h"

#define HISTORY_ROOM ((size_t)16 << 20)

void
records_write(
    struct records *records, const struct memo *memo, const void *behind)
{
	if (records->link == NULL)
		return;
	if (memo_write(bufferevent_get_output(records->link), memo, behind) !=
	    0)
		fatal("out of memory");
}

void
records_tell(
    struct records *records, enum memo_kind kind, const struct job_record *job)
{
	const struct memo memo = {.kind = kind, .job = *job};

	records_write(records, &memo, NULL);
}

void
records_start(struct records *records, struct job_id id, uint64_t now_ms)
{
	const struct job_record job = {.id = id, .started_ms = now_ms};

	records_tell(records, MEMO_START, &job);
}

void
records_lose(struct records *records, struct job_id id, uint32_t attempts)
{
	const struct job_record job = {.id = id, .attempts = attempts};

	records_tell(records, MEMO_LOSE, &job);
}

void
records_release(struct records *records, struct job_id id)
{
	const struct job_record job = {.id = id};

	records_tell(records, MEMO_RELEASE, &job);
}

void
records_tell_end(struct records *records, struct ended_job *ended)
{
	const struct memo memo = {
	    .kind = MEMO_END,
	    .size = strlen(ended->result),
	    .job = ended->record,
	};

	records_write(records, &memo, ended->result);
}

static struct frontend_record *
records_counts(const struct records *records)
{
	const struct frontend *frontend = records->frontend;

	return &frontend->board->frontends[frontend->number];
}

void
records_show_waiting(const struct records *records)
{
	counter_set(
	    &records_counts(records)->results_waiting, records->n_ended);
}

/* Whether jobs of the store are taken, and for how long not. */
void
records_tell_ready(struct records *records)
{
	const struct frontend *frontend = records->frontend;
	const struct memo memo = {
	    .kind = MEMO_READY,
	    .n = !frontend->is_retiring && !frontend->is_stopping &&
		!records->is_full,
	};

	records_write(records, &memo, NULL);
}

/* While the disk is slow or full results stay here: not without a bound. */
static void
records_check_room(struct records *records)
{
	uint64_t max = records->frontend->settings->max_client_bytes;

	if (!records->is_full && records->ended_bytes > max) {
		records->is_full = true;
		records_tell_ready(records);
		records->handler->full(records->frontend);
	} else if (records->is_full && records->ended_bytes <= max / 2) {
		records->is_full = false;
		records_tell_ready(records);
	}
}

static struct ended_bucket *
ended_bucket(struct records *records, struct job_id id)
{
	return &records->ended[id.low % RECORD_BUCKETS];
}

void
records_end(
    struct records *records, const struct job_record *record, char *result)
{
	struct ended_job *ended = calloc(1, sizeof(*ended));

	if (ended == NULL)
		fatal("out of memory");
	ended->record = *record;
	ended->result = result;
	LIST_INSERT_HEAD(ended_bucket(records, record->id), ended, links);
	records->n_ended++;
	records_show_waiting(records);
	records->ended_bytes += strlen(result);
	records_tell_end(records, ended);
	records_check_room(records);
}

void
ended_free(struct records *records, struct ended_job *ended)
{
	LIST_REMOVE(ended, links);
	records->n_ended--;
	records_show_waiting(records);
	records->ended_bytes -= strlen(ended->result);
	free(ended->result);
	free(ended);
	records_check_room(records);
}

void
records_each_ended(struct records *records,
    void (*call)(struct records *records, struct ended_job *ended))
{
	for (size_t i = 0; i < RECORD_BUCKETS && records->n_ended > 0; i++) {
		struct ended_job *ended = LIST_FIRST(&records->ended[i]), *next;

		for (; ended != NULL; ended = next) {
			next = LIST_NEXT(ended, links);
			call(records, ended);
		}
	}
}

bool
records_are_settled(const struct records *records)
{
	return records->n_ended == 0;
}

bool
records_are_kept(const struct records *records)
{
	return records->has_store;
}

bool
records_want_history(const struct records *records)
{
	return records->has_store &&
	    records->frontend->settings->record == RECORD_ALL;
}

void
records_history(struct records *records, const struct job_record *record,
    const char *result, size_t length)
{
	const struct memo memo = {
	    .kind = MEMO_HISTORY,
	    .size = length,
	    .job = *record,
	};

	if (records->link == NULL || !records->status.is_available ||
	    evbuffer_get_length(bufferevent_get_output(records->link)) >
		HISTORY_ROOM)
		counter_add(&records_counts(records)->histories_forgotten, 1);
	else
		records_write(records, &memo, result);
}

void
records_forget_ended(struct records *records, struct job_id id)
{
	struct ended_job *ended;

	LIST_FOREACH (ended, ended_bucket(records, id), links) {
		if (job_id_equals(ended->record.id, id)) {
			ended_free(records, ended);
			break;
		}
	}
	records->handler->settled(records->frontend);
}
