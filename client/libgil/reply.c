/*
 * Owns: the tables of what is read from replies, by name, and the strings of
 * the reply read last. Every other member is checked to be JSON, and skipped.
 * A member that is known but of an unknown kind counts as not there: what a
 * later server says must not break an earlier client.
 *
 * Members mostly come in the order of the tables, so each is looked for behind
 * the one found last.
 */
#include "client/libgil/reply.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "client/libgil/scan.h"

#define NO_CODE INT_MIN /* an error without one */

enum kind {
	TEXT,	 /* const char * */
	STATE,	 /* enum gil_state */
	COUNT,	 /* uint64_t */
	SMALL,	 /* uint32_t */
	INTEGER, /* int, or pid_t */
	FLAG,	 /* bool */
	OBJECT,
};

struct members;

struct member {
	const char *name;
	size_t length; /* of the name */
	enum kind kind;
	size_t offset;		      /* in what is filled in */
	const struct members *object; /* of OBJECT: from the same place */
};

struct members {
	const struct member *list;
	size_t n;
};

#define MEMBER(kind, type, name)                                             \
	{                                                                    \
#name, sizeof(#name) - 1, kind, offsetof(struct type, name), \
		    NULL                                                     \
	}
#define PART_MEMBER(kind, type, part, name)                \
	{                                                  \
#name, sizeof(#name) - 1, kind,            \
		    offsetof(struct type, part.name), NULL \
	}
#define MEMBERS(list)                                  \
	{                                              \
		list, sizeof(list) / sizeof((list)[0]) \
	}

static const struct member timing_list[] = {
    MEMBER(COUNT, gil_timing, queue_ns),
    MEMBER(COUNT, gil_timing, wall_ns),
    MEMBER(COUNT, gil_timing, total_ns),
    MEMBER(COUNT, gil_timing, cpu_ns),
    MEMBER(COUNT, gil_timing, cpu_wait_ns),
    MEMBER(COUNT, gil_timing, lock_wait_ns),
    MEMBER(COUNT, gil_timing, lock_held_ns),
    MEMBER(COUNT, gil_timing, switch_wait_ns),
    MEMBER(COUNT, gil_timing, native_ns),
    MEMBER(COUNT, gil_timing, io_ns),
};
static const struct members timing_members = MEMBERS(timing_list);

static const struct member result_list[] = {
    MEMBER(TEXT, gil_result, job),
    MEMBER(STATE, gil_result, state),
    {"created", 7, FLAG, offsetof(struct gil_result, was_created), NULL},
    MEMBER(TEXT, gil_result, reason),
    MEMBER(TEXT, gil_result, pool),
    MEMBER(COUNT, gil_result, count),
    MEMBER(SMALL, gil_result, workers),
    MEMBER(SMALL, gil_result, attempts),
    {"timing", 6, OBJECT, offsetof(struct gil_result, timing), &timing_members},
};
static const struct members result_members = MEMBERS(result_list);

static const struct member data_list[] = {
    MEMBER(TEXT, gil_error, reason),
    MEMBER(TEXT, gil_error, field),
    MEMBER(TEXT, gil_error, detail),
    MEMBER(SMALL, gil_error, retry_after_ms),
};
static const struct members data_members = MEMBERS(data_list);

static const struct member error_list[] = {
    MEMBER(INTEGER, gil_error, code),
    MEMBER(TEXT, gil_error, message),
    {"data", 4, OBJECT, 0, &data_members},
};
static const struct members error_members = MEMBERS(error_list);

struct notice {
	struct gil_progress progress;
	uint64_t request;
};

static const struct member notice_list[] = {
    PART_MEMBER(TEXT, notice, progress, job),
    MEMBER(COUNT, notice, request),
    PART_MEMBER(STATE, notice, progress, state),
    PART_MEMBER(COUNT, notice, progress, turns),
    PART_MEMBER(COUNT, notice, progress, count),
};
static const struct members notice_members = MEMBERS(notice_list);

static const struct member task_list[] = {
    MEMBER(INTEGER, gil_task, pid),
    MEMBER(INTEGER, gil_task, tid),
    MEMBER(SMALL, gil_task, attempts),
    MEMBER(COUNT, gil_task, count),
    MEMBER(COUNT, gil_task, turns),
    MEMBER(COUNT, gil_task, start_ns),
    MEMBER(COUNT, gil_task, wall_ns),
    MEMBER(COUNT, gil_task, cpu_ns),
    MEMBER(COUNT, gil_task, cpu_wait_ns),
    MEMBER(COUNT, gil_task, lock_wait_ns),
    MEMBER(COUNT, gil_task, lock_held_ns),
    MEMBER(COUNT, gil_task, switch_wait_ns),
    MEMBER(COUNT, gil_task, native_ns),
    MEMBER(COUNT, gil_task, io_ns),
    MEMBER(COUNT, gil_task, voluntary_switches),
    MEMBER(COUNT, gil_task, involuntary_switches),
};
static const struct members task_members = MEMBERS(task_list);

void
libgil_strings_free(struct libgil_strings *strings)
{
	free(strings->bytes);
	*strings = (struct libgil_strings){0};
}

/* Room for all strings of a line: none is longer than with its quotes. */
static int
make_room(struct libgil_strings *strings, size_t length)
{
	strings->used = 0;
	if (length <= strings->size)
		return 0;
	free(strings->bytes);
	strings->size = 0;
	strings->bytes = malloc(2 * length);
	if (strings->bytes == NULL)
		return -1;
	strings->size = 2 * length;
	return 0;
}

static const char *
keep(struct libgil_strings *strings, const struct libgil_text *text)
{
	char *to = strings->bytes + strings->used;

	strings->used = (size_t)(libgil_text_copy(text, to) - strings->bytes);
	return to;
}

static enum gil_state
parse_state(const struct libgil_text *text)
{
	for (enum gil_state state = GIL_QUEUED; state <= GIL_TIMED_OUT; state++)
		if (libgil_text_is(text, gil_state_name(state)))
			return state;
	return GIL_STATE_NONE;
}

static bool read_object(struct libgil_scan *scan, const struct members *members,
    void *to, struct libgil_strings *strings);

static bool
read_member(struct libgil_scan *scan, const struct member *member, char *to,
    struct libgil_strings *strings)
{
	struct libgil_text text = {0};
	uint64_t count = UINT64_MAX;
	int64_t integer = INT64_MAX;
	bool is_json;

	to += member->offset;
	switch (member->kind) {
	case TEXT:
		is_json = libgil_scan_text(scan, &text);
		if (is_json && text.bytes != NULL)
			*(const char **)to = keep(strings, &text);
		return is_json;
	case STATE:
		is_json = libgil_scan_text(scan, &text);
		*(enum gil_state *)to = parse_state(&text);
		return is_json;
	case COUNT:
		return libgil_scan_count(scan, (uint64_t *)to);
	case SMALL:
		is_json = libgil_scan_count(scan, &count);
		if (count <= UINT32_MAX)
			*(uint32_t *)to = (uint32_t)count;
		return is_json;
	case INTEGER:
		is_json = libgil_scan_integer(scan, &integer);
		if (integer >= INT_MIN && integer <= INT_MAX)
			*(int *)to = (int)integer;
		return is_json;
	case FLAG:
		return libgil_scan_boolean(scan, (bool *)to);
	case OBJECT:
		return read_object(scan, member->object, to, strings);
	}
	return false;
}

static const struct member *
find(
    const struct members *members, size_t *next, const struct libgil_text *name)
{
	for (size_t i = 0; i < members->n; i++) {
		const struct member *member = &members->list[*next];

		*next = *next + 1 < members->n ? *next + 1 : 0;
		if (name->is_escaped ? libgil_text_is(name, member->name)
				     : name->length == member->length &&
			    memcmp(name->bytes, member->name, member->length) ==
				0)
			return member;
	}
	return NULL;
}

/* A value; its members that are known where it is an object. */
static bool
read_object(struct libgil_scan *scan, const struct members *members, void *to,
    struct libgil_strings *strings)
{
	struct libgil_text name;
	enum libgil_step way;
	size_t next = 0;

	if (!libgil_scan_enter(scan, '{'))
		return libgil_scan_skip(scan);
	while ((way = libgil_scan_member(scan, &name)) == LIBGIL_MORE) {
		const struct member *member = find(members, &next, &name);

		if (member == NULL ? !libgil_scan_skip(scan)
				   : !read_member(scan, member, to, strings))
			return false;
	}
	return way == LIBGIL_END;
}

enum part { VERSION, ID, RESULT, ERROR, METHOD, PARAMS, N_PARTS };

/* A value, as it stands in the line. */
struct slice {
	char *at;
	size_t length;
};

struct envelope {
	bool has[N_PARTS];
	bool is_version_known;
	bool is_id_null;
	int64_t id;	    /* -1: no number that a request has */
	struct slice value; /* of result or error */
	struct slice params;
	struct libgil_text method;
	struct notice notice;
};

static char *
pass_space(const struct libgil_scan *scan)
{
	return (char *)scan->at + strspn(scan->at, " \t\r\n");
}

/* The value of result, error or params, into what it is for. */
static bool
read_value(struct libgil_scan *scan, const struct members *members, void *to,
    struct libgil_strings *strings, struct slice *slice)
{
	bool is_json;

	slice->at = pass_space(scan);
	is_json = read_object(scan, members, to, strings);
	slice->length = (size_t)(scan->at - slice->at);
	return is_json;
}

static bool
read_id(struct libgil_scan *scan, struct envelope *envelope)
{
	const char *from = pass_space(scan);

	envelope->is_id_null = *from == 'n';
	/* Of no type that an id has. */
	if (strchr("{[tf", *from) != NULL)
		return false;
	return libgil_scan_integer(scan, &envelope->id);
}

static bool
read_part(struct libgil_scan *scan, enum part part,
    struct libgil_strings *strings, struct envelope *envelope,
    struct gil_event *event)
{
	struct libgil_text version;

	switch (part) {
	case VERSION:
		if (!libgil_scan_text(scan, &version))
			return false;
		envelope->is_version_known = libgil_text_is(&version, "2.0");
		return true;
	case ID:
		return read_id(scan, envelope);
	case RESULT:
		event->result =
		    (struct gil_result){.job = "", .reason = "", .pool = ""};
		return read_value(scan, &result_members, &event->result,
		    strings, &envelope->value);
	case ERROR:
		event->error = (struct gil_error){
		    .code = NO_CODE, .reason = "", .field = "", .detail = ""};
		return read_value(scan, &error_members, &event->error, strings,
		    &envelope->value);
	case METHOD:
		return libgil_scan_text(scan, &envelope->method);
	case PARAMS:
		return read_value(scan, &notice_members, &envelope->notice,
		    strings, &envelope->params);
	case N_PARTS:
		break;
	}
	return false;
}

static const char *
read_envelope(const char *line, size_t length, struct libgil_strings *strings,
    struct envelope *envelope, struct gil_event *event)
{
	static const char *const names[N_PARTS] = {
	    "jsonrpc", "id", "result", "error", "method", "params"};
	struct libgil_text name;
	struct libgil_scan scan;
	enum libgil_step way;

	libgil_scan_init(&scan, line);
	if (!libgil_scan_enter(&scan, '{'))
		return "it is no object";
	while ((way = libgil_scan_member(&scan, &name)) == LIBGIL_MORE) {
		enum part part = VERSION;

		while (part < N_PARTS && !libgil_text_is(&name, names[part]))
			part++;
		if (part == N_PARTS) {
			if (!libgil_scan_skip(&scan))
				return "it is no JSON";
			continue;
		}
		/* There is one value at the most: event has room for one. */
		if (envelope->has[part] ||
		    (part == RESULT && envelope->has[ERROR]) ||
		    (part == ERROR && envelope->has[RESULT]))
			return "it has two of what it may have one of";
		envelope->has[part] = true;
		if (!read_part(&scan, part, strings, envelope, event))
			return "it is no JSON, or its id is none";
	}
	if (way == LIBGIL_BAD || !libgil_scan_is_over(&scan) ||
	    scan.at != line + length)
		return "it is no JSON";
	return NULL;
}

static const char *
judge_notice(const struct envelope *envelope, struct libgil_strings *strings,
    struct gil_event *event)
{
	const struct notice *notice = &envelope->notice;

	if (envelope->method.bytes == NULL)
		return "its method must be a string";
	if (envelope->has[ID] || envelope->has[RESULT] || envelope->has[ERROR])
		return "a notification has no id, no result and no error";
	if (envelope->has[PARAMS] && *envelope->params.at != '{' &&
	    *envelope->params.at != '[')
		return "its params must be an object or an array";
	event->text = keep(strings, &envelope->method);
	event->type = GIL_NOTICE;
	if (strcmp(event->text, "job.progress") == 0 &&
	    notice->progress.state != GIL_STATE_NONE) {
		event->type = GIL_PROGRESS;
		event->progress = notice->progress;
		event->request = notice->request;
	}
	return NULL;
}

static const char *
judge_answer(const struct envelope *envelope, struct gil_event *event)
{
	if (!envelope->has[ID])
		return "an answer must have an id";
	if (envelope->has[RESULT] == envelope->has[ERROR])
		return "an answer must have either a result or an error";
	if (envelope->has[ERROR] &&
	    (event->error.code == NO_CODE || event->error.message == NULL))
		return "its error must be an object with a code and a message";
	event->type = envelope->has[RESULT] ? GIL_RESULT : GIL_ERROR;
	event->request = envelope->id > 0 ? (uint64_t)envelope->id : UINT64_MAX;
	if (envelope->has[ERROR] && envelope->is_id_null)
		event->request = 0;
	return NULL;
}

const char *
libgil_reply_read(char *line, size_t length, struct libgil_strings *strings,
    struct gil_event *event)
{
	struct envelope envelope = {.id = -1, .notice.progress.job = ""};
	const struct slice *slice = &envelope.value;
	const char *why;

	errno = 0;
	*event = (struct gil_event){.json = "", .text = ""};
	if (make_room(strings, length + 1) == -1)
		return "out of memory";
	why = read_envelope(line, length, strings, &envelope, event);
	if (why == NULL && !envelope.is_version_known)
		why = "its jsonrpc must be \"2.0\"";
	if (why == NULL)
		why = envelope.has[METHOD]
		    ? judge_notice(&envelope, strings, event)
		    : judge_answer(&envelope, event);
	if (why != NULL && memchr(line, '\0', length) != NULL)
		why = "it holds a NUL byte";
	if (why != NULL)
		return why;
	if (envelope.has[METHOD])
		slice = &envelope.params;
	if (slice->at != NULL) {
		event->json = slice->at;
		event->json_bytes = slice->length;
		slice->at[slice->length] = '\0';
	}
	return NULL;
}

static bool
read_task(
    struct libgil_scan *scan, struct gil_task **tasks, size_t *n, size_t *size)
{
	struct libgil_strings none = {0}; /* a task has no texts */

	if (*n == *size) {
		size_t larger = *size > 0 ? 2 * *size : 4;
		struct gil_task *moved =
		    realloc(*tasks, larger * sizeof(**tasks));

		if (moved == NULL)
			return false;
		*tasks = moved;
		*size = larger;
	}
	(*tasks)[*n] = (struct gil_task){0};
	return read_object(scan, &task_members, &(*tasks)[(*n)++], &none);
}

int
libgil_reply_tasks(const char *json, struct gil_task **tasks, size_t *n_tasks)
{
	struct libgil_text name;
	struct libgil_scan scan;
	size_t size = 0;

	*tasks = NULL;
	*n_tasks = 0;
	libgil_scan_init(&scan, json);
	if (!libgil_scan_enter(&scan, '{'))
		return 0;
	/* It is JSON, for it was read before. */
	while (libgil_scan_member(&scan, &name) == LIBGIL_MORE) {
		if (!libgil_text_is(&name, "tasks") ||
		    !libgil_scan_enter(&scan, '[')) {
			if (!libgil_scan_skip(&scan))
				return 0;
			continue;
		}
		while (libgil_scan_element(&scan) == LIBGIL_MORE)
			if (!read_task(&scan, tasks, n_tasks, &size)) {
				free(*tasks);
				*tasks = NULL;
				*n_tasks = 0;
				return -1;
			}
	}
	return 0;
}
