/*
 * libgil: jobs for a gild, from C.
 *
 *	struct gil_job job = {.count = 50000000, .pool = "threads"};
 *	const struct gil_event *event;
 *	struct gil *gil = gil_connect(NULL, NULL);
 *
 *	if (gil == NULL || gil_submit(gil, &job, 0) == -1)
 *		...
 *	event = gil_poll(gil, GIL_FOREVER);
 *	if (event->type == GIL_RESULT)
 *		printf("%" PRIu64 " ns\n", event->result.timing.wall_ns);
 *	gil_close(gil);
 *
 * A struct gil is one connection. Requests are put into its send buffer, as
 * many as one likes; each has a number, higher than those before it, and a tag
 * of the caller's. gil_poll() moves bytes both ways and hands out events, in the
 * order in which they come, which is not that of the requests. The contract of a
 * request:
 *
 *	each one that was taken (0 was returned) gets exactly one event with its
 *	tag that ends it: GIL_RESULT, GIL_ERROR or GIL_UNANSWERED. While it
 *	runs there may be any number of GIL_PROGRESS.
 *
 * (One exception, with a server that cannot even read the request: see
 * gil_call().)
 *
 * Threads: a struct gil belongs to one thread at a time; several of them share
 * nothing. The library has no global state, makes no threads, raises and
 * handles no signals (SIGPIPE neither), writes to no standard stream, changes
 * no locale and never exits. Where memory runs out it says so.
 *
 * Time: all times are CLOCK_MONOTONIC, all durations nanoseconds but where a
 * name says otherwise. Integers are from 0 to 2^53 - 1.
 *
 * What the members of jobs and results mean, and every method, is said in
 * PROTOCOL.md, which is gild-protocol(7). This is libgil(3).
 */
#ifndef GILD_GIL_H
#define GILD_GIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GIL_DEFAULT_SERVER "127.0.0.1:4453"
#define GIL_FOREVER (-1)
#define GIL_MAX_INTEGER ((UINT64_C(1) << 53) - 1)

struct gil;

/* --- connecting --- */

/* All zeros are the defaults. */
struct gil_options {
	/* "HOST:PORT", "[ADDRESS]:PORT", "unix:PATH"; NULL: as above */
	const char *server;
	int connect_timeout_ms; /* over all addresses of a name; 0: 5000 */
	size_t max_reply_bytes; /* a longer reply is a lost connection;
				 * 0: 64 MiB */
	uint64_t reserved[4];	/* zeros: for what later versions add */
};

enum gil_failure_kind {
	GIL_BAD_ADDRESS, /* server is not written as one */
	GIL_NO_SERVER,	 /* nobody is there, or the name is not known */
	GIL_NO_MEMORY,
};

/* Why there is no connection. */
struct gil_failure {
	enum gil_failure_kind kind;
	char text[256]; /* for people; without the server's name */
};

/*
 * Connects, and waits for it. NULL, and *failure where failure is not NULL,
 * when there is no connection. options may be NULL and is not kept. Resolving
 * a name may take longer than the timeout.
 */
struct gil *gil_connect(const struct gil_options *options,
    struct gil_failure *failure) __attribute__((warn_unused_result));

/*
 * Hangs up: jobs without an answer are cancelled, but for those that the
 * server's store has. What was not sent is dropped. NULL is fine. A child of
 * fork(2) that does not go on with the connection must not call this, but just
 * close gil_fd().
 */
void gil_close(struct gil *gil);

/* As it was asked for. */
const char *gil_server(const struct gil *gil);

/*
 * The process that made the server's Unix socket listen, which is its master
 * or whoever passed the socket on to it; 0 where that cannot be seen from this
 * process's pid namespace, and over TCP.
 */
pid_t gil_peer_pid(const struct gil *gil);

/* --- jobs and other requests --- */

enum gil_profile {
	GIL_PROFILE_CPU,    /* counts with the lock */
	GIL_PROFILE_NATIVE, /* gives it up for as long as it counts */
	GIL_PROFILE_IO,	    /* gives it up every so many turns, and sleeps */
};

/* A job. All zeros are the defaults, but count is needed: {.count = 1000}. */
struct gil_job {
	uint64_t count;	  /* turns, in all */
	const char *pool; /* by name; NULL: "processes" */
	uint32_t workers; /* parts that the count is split into; 0: 1 */
	enum gil_profile profile;
	uint64_t cost_ns;	 /* busy work in each turn */
	uint64_t io_every;	 /* these two: with GIL_PROFILE_IO only, and */
	uint64_t io_for_us;	 /* then not 0 */
	uint64_t timeout_ms;	 /* from arrival to end; 0: never */
	uint64_t start_after_ms; /* from arrival */
	bool has_priority;	 /* false: priority is the default, 4 */
	bool progress;		 /* send GIL_PROGRESS */
	bool detach;		 /* answer when it is in the server's store */
	uint8_t priority;	 /* 0 to 9, and 9 goes first */
	const char *key;	 /* its name in the store; NULL: none */
	uint64_t reserved[4];	 /* zeros: for what later versions add */
};

/*
 * These put a request behind those that wait to be sent. 0, or -1 with errno,
 * and then there is no request:
 *
 *	ENOMEM		out of memory
 *	EINVAL		an argument cannot be written as JSON: a number over
 *			GIL_MAX_INTEGER, text that is not UTF-8, params that
 *			are no JSON object, a profile that is none
 *	ENOTCONN	gil_poll() has said that the connection is lost
 *
 * No system call is made while less than 64 KiB wait; then as much is sent as
 * the socket takes without waiting. The buffer grows: how much may be under
 * way is the caller's to bound (gil_unanswered(), gil_unsent_bytes()).
 * Whether the values make sense is for the server to say, by a GIL_ERROR.
 * Nothing that is passed in is kept.
 */

/* job.submit */
int gil_submit(struct gil *gil, const struct gil_job *job, uint64_t tag)
    __attribute__((warn_unused_result));

/* job.cancel; job is an id, from a result or a GIL_PROGRESS. */
int gil_cancel(struct gil *gil, const char *job, uint64_t tag)
    __attribute__((warn_unused_result));

/*
 * Any method by its name. params is the text of a JSON object, NULL for none;
 * it may span lines. Where it breaks a rule that the server has for all
 * lines (a key twice, a line over max_line_bytes, too many values) the server
 * cannot say which request it refuses: its GIL_ERROR then has the request 0
 * and this one stays without an answer until the connection ends.
 */
int gil_call(struct gil *gil, const char *method, const char *params,
    uint64_t tag) __attribute__((warn_unused_result));

/* The number of the request that was taken last; 0 before the first. */
uint64_t gil_last_request(const struct gil *gil);

/*
 * Sends what the socket takes without waiting. gil_poll() does that by itself
 * when it has no event at hand; this is for a caller that wants its requests
 * on their way before it looks at more events.
 */
void gil_flush(struct gil *gil);

/* Requests taken that have no event yet. */
uint64_t gil_unanswered(const struct gil *gil);
/* What waits here to be sent. */
size_t gil_unsent_bytes(const struct gil *gil);

/* --- events --- */

enum gil_event_type {
	GIL_NOTHING,	/* nothing in the time given */
	GIL_WOKEN,	/* the wake descriptor is readable */
	GIL_RESULT,	/* a request's result */
	GIL_ERROR,	/* the server refused a request; request 0: or a line */
	GIL_PROGRESS,	/* how far a job has come */
	GIL_NOTICE,	/* another notification; a client may ignore it */
	GIL_UNANSWERED, /* the connection is lost, and this request had no
			 * answer; one for each */
	GIL_LOST,	/* the connection is lost; from then on always */
};

/* Of a job. The names are those of the protocol, in small letters. */
enum gil_state {
	GIL_STATE_NONE, /* it is not said, or not known to this library */
	GIL_QUEUED,
	GIL_RUNNING,
	GIL_DONE, /* this and those that follow are ends */
	GIL_FAILED,
	GIL_CANCELLED,
	GIL_TIMED_OUT,
};

/* By the server's clocks; see "Results" in gild-protocol(7). */
struct gil_timing {
	uint64_t queue_ns; /* arrival to the first task's start */
	uint64_t wall_ns;  /* the first task's start to the last one's end */
	uint64_t total_ns; /* arrival to answer */
	uint64_t cpu_ns;   /* this and the rest: sums over the tasks */
	uint64_t cpu_wait_ns;
	uint64_t lock_wait_ns;
	uint64_t lock_held_ns;
	uint64_t switch_wait_ns;
	uint64_t native_ns;
	uint64_t io_ns;
};

/*
 * What the members of a result's object say that are found in it; zeros and ""
 * where they are not: the answer to another method has the members that it has.
 */
struct gil_result {
	const char *job; /* its id */
	enum gil_state state;
	const char *reason; /* why it is not done; "" where it is */
	const char *pool;
	uint64_t count;
	uint32_t workers;
	uint32_t attempts;
	bool was_created; /* of one with detach: it was not there before */
	struct gil_timing timing;
};

struct gil_error {
	int code;	     /* JSON-RPC's */
	const char *reason;  /* the error's slug: "busy", "no_such_pool", ... */
	const char *message; /* what stands for it: "Busy", ... */
	const char *field;   /* the parameter at fault, or "" */
	const char *detail; /* what was wrong, and what would be right; or "" */
	uint32_t retry_after_ms; /* 0: not said */
};

struct gil_progress {
	const char *job;
	enum gil_state state;
	uint64_t turns; /* done so far */
	uint64_t count; /* of all */
};

/* The library's; it and all that it points to stay until the next gil_poll(). */
struct gil_event {
	enum gil_event_type type;
	bool was_orderly; /* of these two, as gil_was_orderly(): what has no
			   * answer was never served */
	uint64_t tag;	  /* these three: 0 where it is about no request */
	uint64_t request; /* its number */
	uint64_t sent_ns; /* when the request was taken */
	/* When the bytes were here; of what was lost, when that was seen. */
	uint64_t received_ns;
	union {
		struct gil_result result;     /* of GIL_RESULT */
		struct gil_error error;	      /* of GIL_ERROR */
		struct gil_progress progress; /* of GIL_PROGRESS */
	};
	/* The text of the result, the error's object or the params: JSON, and
	 * ended by a NUL. "" in events that have none. */
	const char *json;
	size_t json_bytes;
	/* Of a notification its method; of GIL_UNANSWERED and GIL_LOST why,
	 * for people; else "". */
	const char *text;
};

/*
 * The next event; never NULL. Where none is at hand it sends, reads, and waits
 * for timeout_ms at the most (0: not at all, GIL_FOREVER: no limit), going on
 * after signals. In a loop of the caller's own: poll gil_fd() for gil_events(),
 * and when it is ready call gil_poll(gil, 0) until GIL_NOTHING.
 *
 * A reply that is none (no JSON, an answer to what was not asked, over
 * max_reply_bytes) ends in GIL_LOST; members that are not known are skipped.
 */
const struct gil_event *gil_poll(struct gil *gil, int timeout_ms)
    __attribute__((warn_unused_result, returns_nonnull));

/*
 * The connection's end, for who looks at it without an event: why it is lost
 * ("" while it is not, or is not known to be), and whether the server ended it
 * in good order, by no reset and with its last line whole. A server whose
 * process was killed seems to do that, too.
 */
const char *gil_why(const struct gil *gil);
bool gil_was_orderly(const struct gil *gil);

/* For poll(2). The descriptor stays the same for the life of the connection. */
int gil_fd(const struct gil *gil);
short gil_events(const struct gil *gil);

/*
 * A descriptor, or -1, that ends each wait of gil_poll() with GIL_WOKEN while
 * it is readable. It stays the caller's and is not read.
 */
void gil_set_wake_fd(struct gil *gil, int wake_fd);

/* --- the rest of an event, looked at when it is asked for --- */

/* One part of a job, run by one thread or one worker process. */
struct gil_task {
	pid_t pid; /* 0: it never started */
	pid_t tid;
	uint32_t attempts;
	uint64_t count;	   /* turns asked for */
	uint64_t turns;	   /* turns done by the last attempt */
	uint64_t start_ns; /* from the job's arrival */
	uint64_t wall_ns;
	uint64_t cpu_ns;
	uint64_t cpu_wait_ns;
	uint64_t lock_wait_ns;
	uint64_t lock_held_ns;
	uint64_t switch_wait_ns;
	uint64_t native_ns;
	uint64_t io_ns;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
};

/*
 * The tasks of the GIL_RESULT that was the last event, *n_tasks of them, which
 * stay as long as the event. NULL with *n_tasks 0 when it has none, and with
 * errno ENOMEM when memory ran out.
 */
const struct gil_task *gil_tasks(struct gil *gil, size_t *n_tasks)
    __attribute__((warn_unused_result));

/*
 * The last event's `json` as a value of jansson, for callers that use it
 * (`struct json_t` is its json_t). It stays as long as the event: who wants it
 * for longer takes a reference. NULL when there is none, when memory ran out,
 * and when jansson takes it for no JSON.
 */
struct json_t;
struct json_t *gil_json(struct gil *gil) __attribute__((warn_unused_result));

/* "queued", "done", ...; "unknown" for GIL_STATE_NONE. */
const char *gil_state_name(enum gil_state state);

#ifdef __cplusplus
}
#endif

#endif
