/*
 * Owns: a lock's records, histograms, blame and events as JSON, written and
 * read back. Pure; any process and thread.
 *
 * What an event carries beside the members of all is told by its kind, in one
 * switch for either direction.
 */
#include "proto/lockwire.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/jobid.h"
#include "proto/member.h"

#define WHERE_CHARS 63

/* object, or NULL, and it is let go, when something is missing in it. */
static json_t *
whole_or_null(json_t *object, bool is_short)
{
	if (!is_short)
		return object;
	json_decref(object);
	return NULL;
}

void
lock_record_put(struct writer *writer, const struct lock_record *record)
{
	for (size_t i = 0; i < LOCK_COUNTERS; i++)
		member_put_token(writer, &lock_counters[i].token,
		    lock_record_get(record, i));
}

json_t *
lock_record_to_json(const struct lock_record *record)
{
	struct writer writer = {0};
	json_t *object;

	writer_begin_object(&writer);
	lock_record_put(&writer, record);
	writer_end_object(&writer);
	object = writer_to_json(&writer);
	writer_free(&writer);
	return object;
}

int
lock_record_from_json(const json_t *json, const char *where,
    struct lock_record *record, struct rpc_error *error)
{
	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		uint64_t value;

		if (member_read(json, where, lock_counters[i].name,
			MEMBER_MAX_INTEGER, &value, error) != 0)
			return -1;
		lock_record_set(record, i, value);
	}
	return 0;
}

static void
histogram_put(
    struct writer *writer, const char *name, const struct histogram *histogram)
{
	writer_name(writer, name);
	writer_begin_array(writer);
	for (size_t i = 0; histogram != NULL && i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->counts[i] == 0)
			continue;
		writer_begin_array(writer);
		member_put_number(writer, histogram_lower_bound(i));
		member_put_number(writer, histogram->counts[i]);
		writer_end_array(writer);
	}
	writer_end_array(writer);
}

void
lock_histograms_put(
    struct writer *writer, const struct lock_histograms *histograms)
{
	writer_begin_object(writer);
	histogram_put(
	    writer, "hold", histograms == NULL ? NULL : &histograms->hold);
	histogram_put(
	    writer, "wait", histograms == NULL ? NULL : &histograms->wait);
	histogram_put(
	    writer, "io", histograms == NULL ? NULL : &histograms->io);
	writer_end_object(writer);
}

json_t *
lock_histograms_to_json(const struct lock_histograms *histograms)
{
	struct writer writer = {0};
	json_t *object;

	lock_histograms_put(&writer, histograms);
	object = writer_to_json(&writer);
	writer_free(&writer);
	return object;
}

/* One [lower bound, count]. The bucket's number, or -1. */
static int
read_bucket(const json_t *pair, uint64_t *count)
{
	const json_t *first = json_array_get(pair, 0);
	const json_t *second = json_array_get(pair, 1);
	json_int_t lower = json_integer_value(first);
	json_int_t number = json_integer_value(second);
	size_t bucket;

	if (json_array_size(pair) != 2 || !json_is_integer(first) ||
	    !json_is_integer(second) || lower < 0 || number < 1 ||
	    (uint64_t)number > MEMBER_MAX_INTEGER)
		return -1;
	bucket = histogram_bucket((uint64_t)lower);
	if (histogram_lower_bound(bucket) != (uint64_t)lower)
		return -1;
	*count = (uint64_t)number;
	return (int)bucket;
}

static int
read_histogram(const json_t *json, const char *where, const char *name,
    struct histogram *histogram, struct rpc_error *error)
{
	const json_t *array = json_object_get(json, name);
	int last = -1;

	*histogram = (struct histogram){0};
	if (!json_is_array(array))
		return member_refuse(error, where, name, "must be an array");
	for (size_t i = 0; i < json_array_size(array); i++) {
		uint64_t count = 0;
		int bucket = read_bucket(json_array_get(array, i), &count);

		if (bucket <= last)
			return member_refuse(error, where, name,
			    "must hold [lower bound, count] of buckets, each "
			    "above the one before, not so its element %zu",
			    i);
		histogram->counts[bucket] = count;
		last = bucket;
	}
	return 0;
}

int
lock_histograms_from_json(const json_t *json, const char *where,
    struct lock_histograms *histograms, struct rpc_error *error)
{
	if (read_histogram(json, where, "hold", &histograms->hold, error) ||
	    read_histogram(json, where, "wait", &histograms->wait, error) ||
	    read_histogram(json, where, "io", &histograms->io, error))
		return -1;
	return 0;
}

static bool
write_label(json_t *object, struct lock_label label)
{
	char job[JOB_ID_CHARS + 1];

	job_id_format((struct job_id){label.job[0], label.job[1]}, job);
	return json_object_set_new(object, "job", json_string(job)) != 0 ||
	    member_write(object, "task", label.task) != 0;
}

static int
read_label(const json_t *object, const char *where, struct lock_label *label,
    struct rpc_error *error)
{
	const char *text = json_string_value(json_object_get(object, "job"));
	struct job_id id;
	uint64_t task;

	if (text == NULL || job_id_parse(text, &id) != 0)
		return member_refuse(error, where, "job",
		    "must be an id of %d characters", JOB_ID_CHARS);
	if (member_read(object, where, "task", UINT32_MAX, &task, error) != 0)
		return -1;
	*label = (struct lock_label){{id.high, id.low}, (uint32_t)task};
	return 0;
}

/* The longest first; of equals, the one that came first. */
static void
sort_blockers(struct lock_blame *blame)
{
	struct lock_blocker *blockers = blame->blockers;

	for (uint32_t i = 1; i < blame->n_blockers; i++) {
		struct lock_blocker blocker = blockers[i];
		uint32_t to = i;

		for (; to > 0 && blockers[to - 1].wait_ns < blocker.wait_ns;
		     to--)
			blockers[to] = blockers[to - 1];
		blockers[to] = blocker;
	}
}

static void
blocker_put(struct writer *writer, const struct lock_blocker *blocker)
{
	const struct lock_label *label = &blocker->label;

	writer_begin_object(writer);
	member_put_job(
	    writer, "job", (struct job_id){label->job[0], label->job[1]});
	member_put(writer, "task", label->task);
	member_put(writer, "wait_ns", blocker->wait_ns);
	writer_end_object(writer);
}

void
lock_blame_put(struct writer *writer, const struct lock_blame *blame)
{
	struct lock_blame sorted = *blame;

	sort_blockers(&sorted);
	writer_begin_object(writer);
	writer_name(writer, "tasks");
	writer_begin_array(writer);
	for (uint32_t i = 0; i < sorted.n_blockers; i++)
		blocker_put(writer, &sorted.blockers[i]);
	writer_end_array(writer);
	member_put(writer, "others_ns", sorted.others_ns);
	writer_end_object(writer);
}

int
lock_blame_from_json(const json_t *json, const char *where,
    struct lock_blame *blame, struct rpc_error *error)
{
	const json_t *tasks = json_object_get(json, "tasks");
	char in_tasks[WHERE_CHARS + 1];

	*blame = (struct lock_blame){0};
	if (!json_is_array(tasks))
		return member_refuse(error, where, "tasks", "must be an array");
	if (member_read(json, where, "others_ns", MEMBER_MAX_INTEGER,
		&blame->others_ns, error) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(tasks); i++) {
		const json_t *blocker = json_array_get(tasks, i);
		struct lock_label label;
		uint64_t wait_ns;

		snprintf(in_tasks, sizeof(in_tasks), "%stasks[%zu].", where, i);
		if (read_label(blocker, in_tasks, &label, error) != 0 ||
		    member_read(blocker, in_tasks, "wait_ns",
			MEMBER_MAX_INTEGER, &wait_ns, error) != 0)
			return -1;
		lock_blame_add(blame, label, wait_ns);
	}
	return 0;
}

/* A thread's number, or null for none. */
static bool
write_thread(json_t *object, const char *name, uint16_t thread)
{
	return json_object_set_new(object, name,
		   thread != LOCK_NO_THREAD ? json_integer(thread)
					    : json_null()) != 0;
}

static int
read_thread(const json_t *object, const char *name, uint16_t *thread,
    struct rpc_error *error)
{
	uint64_t number;

	if (json_is_null(json_object_get(object, name))) {
		*thread = LOCK_NO_THREAD;
		return 0;
	}
	if (member_read(object, "", name, LOCK_NO_THREAD - 1, &number, error))
		return -1;
	*thread = (uint16_t)number;
	return 0;
}

/* The number of the name that a member gives, by its own table. */
static int
read_name(const json_t *object, const char *name, int (*parse)(const char *),
    uint8_t *number, struct rpc_error *error)
{
	const char *text = json_string_value(json_object_get(object, name));
	int found = text != NULL ? parse(text) : -1;

	if (found < 0)
		return member_refuse(error, "", name,
		    "must be the name of one, not \"%.40s\"",
		    text != NULL ? text : "");
	*number = (uint8_t)found;
	return 0;
}

json_t *
lock_event_to_json(const struct lock_event *event)
{
	json_t *object = json_object();
	bool is_short = false;

	is_short |= member_write(object, "number", event->number);
	is_short |= member_write(object, "time_ns", event->time_ns);
	is_short |= member_write(object, "thread", event->thread);
	is_short |= member_write(object, "domain", event->domain);
	is_short |= json_object_set_new(
	    object, "event", json_string(lock_event_kind_name(event->kind)));
	switch (event->kind) {
	case LOCK_TASK_START:
		is_short |= write_label(object, event->label);
		break;
	case LOCK_WAKE:
		is_short |= json_object_set_new(
		    object, "by", json_string(lock_wake_name(event->detail)));
		break;
	case LOCK_DROP_REQUEST:
		is_short |= write_thread(object, "target", event->other);
		break;
	case LOCK_WITHDRAW:
		is_short |= write_thread(object, "by", event->other);
		break;
	case LOCK_ACQUIRE:
		is_short |= write_thread(object, "from", event->other);
		is_short |= member_write(object, "waited_ns", event->waited_ns);
		is_short |= json_object_set_new(
		    object, "missed", json_boolean(event->detail != 0));
		break;
	case LOCK_RELEASE:
		is_short |= json_object_set_new(object, "reason",
		    json_string(lock_release_name(event->detail)));
		break;
	default:
		break;
	}
	return whole_or_null(object, is_short);
}

static int
read_acquire(
    const json_t *json, struct lock_event *event, struct rpc_error *error)
{
	const json_t *missed = json_object_get(json, "missed");

	if (read_thread(json, "from", &event->other, error) != 0 ||
	    member_read(json, "", "waited_ns", MEMBER_MAX_INTEGER,
		&event->waited_ns, error) != 0)
		return -1;
	if (!json_is_boolean(missed))
		return member_refuse(
		    error, "", "missed", "must be true or false");
	event->detail = json_is_true(missed);
	return 0;
}

static int
read_kind(const json_t *json, struct lock_event *event, struct rpc_error *error)
{
	if (read_name(
		json, "event", lock_event_kind_parse, &event->kind, error) != 0)
		return -1;
	switch (event->kind) {
	case LOCK_TASK_START:
		return read_label(json, "", &event->label, error);
	case LOCK_WAKE:
		return read_name(
		    json, "by", lock_wake_parse, &event->detail, error);
	case LOCK_DROP_REQUEST:
		return read_thread(json, "target", &event->other, error);
	case LOCK_WITHDRAW:
		return read_thread(json, "by", &event->other, error);
	case LOCK_ACQUIRE:
		return read_acquire(json, event, error);
	case LOCK_RELEASE:
		return read_name(
		    json, "reason", lock_release_parse, &event->detail, error);
	default:
		return 0;
	}
}

int
lock_event_from_json(
    const json_t *json, struct lock_event *event, struct rpc_error *error)
{
	uint64_t thread, domain;

	*event = (struct lock_event){.other = LOCK_NO_THREAD};
	if (member_read(json, "", "number", MEMBER_MAX_INTEGER, &event->number,
		error) != 0 ||
	    member_read(json, "", "time_ns", MEMBER_MAX_INTEGER,
		&event->time_ns, error) != 0 ||
	    member_read(
		json, "", "thread", LOCK_NO_THREAD - 1, &thread, error) != 0 ||
	    member_read(json, "", "domain", UINT16_MAX, &domain, error) != 0)
		return -1;
	event->thread = (uint16_t)thread;
	event->domain = (uint16_t)domain;
	return read_kind(json, event, error);
}
