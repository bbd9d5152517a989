/*
 * What a client asks for: the params of job.submit, checked.
 *
 * The daemon reads a request from JSON; the client writes it. Both share the
 * names, defaults and bounds below.
 */
#ifndef GILD_PROTO_REQUEST_H
#define GILD_PROTO_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/member.h"
#include "proto/rpcerror.h"

#define POOL_NAME_CHARS 31

#define REQUEST_MAX_INTEGER MEMBER_MAX_INTEGER
#define REQUEST_MAX_COUNT REQUEST_MAX_INTEGER
#define REQUEST_MAX_COST_NS UINT64_C(1000000)	    /* a safepoint each ms */
#define REQUEST_MAX_TIMEOUT_MS UINT64_C(2147483647) /* almost 25 days */

#define REQUEST_MAX_IO_FOR_US UINT64_C(10000000) /* 10 s */
/* Priorities are those of JMS: 0 to 9, and 9 is served first. */
#define REQUEST_PRIORITIES 10
#define REQUEST_DEFAULT_PRIORITY 4
#define REQUEST_KEY_CHARS 128

#define REQUEST_DEFAULT_POOL "processes"

/* What a task does with the lock, as an extension module would. */
enum job_profile {
	PROFILE_CPU,	/* counts with it */
	PROFILE_NATIVE, /* gives it up for as long as it counts */
	PROFILE_IO,	/* every so many turns: gives it up, sleeps, takes it */
	PROFILE_COUNT
};

/* "cpu", "native", "io" */
const char *job_profile_name(enum job_profile profile);
/* 0, or -1 when no profile has this name. */
int job_profile_parse(const char *name, enum job_profile *profile)
    __attribute__((warn_unused_result));

struct job_request {
	uint64_t count;			/* turns, in all */
	char pool[POOL_NAME_CHARS + 1]; /* by name */
	uint32_t workers;		/* parts that the count is split into */
	uint64_t cost_ns;		/* busy work per turn, 0 for none */
	uint64_t timeout_ms;		/* from arrival; 0 for none */
	bool wants_progress;		/* send job.progress notifications */
	enum job_profile profile;
	uint64_t io_every;  /* turns before each sleep; > 0 with PROFILE_IO */
	uint64_t io_for_us; /* how long it sleeps; both 0 with the others */
	uint32_t priority;
	uint64_t start_after_ms;	 /* from arrival; 0: at once */
	bool detach;			 /* answered when it is in the store */
	char key[REQUEST_KEY_CHARS + 1]; /* "": none */
};

/* The defaults: count 0, one worker in the pool "processes". */
void job_request_init(struct job_request *request);

/*
 * Reads and checks params, the object of job.submit. 0, or -1 with *error set:
 * its field names the parameter at fault, its detail says what would be
 * right. A parameter that is not known is refused by its name; params as an
 * array or absent is refused. Whether the pool exists is not checked here.
 */
int job_request_from_json(const json_t *params, uint32_t max_workers,
    struct job_request *request, struct rpc_error *error)
    __attribute__((warn_unused_result));

/*
 * Whether two requests ask for the same job, so that one key may stand for
 * both: who is told of it, and when, makes no difference.
 */
bool job_request_equals(
    const struct job_request *a, const struct job_request *b);

/* 1 to REQUEST_KEY_CHARS bytes of UTF-8 without control characters. */
bool job_key_is_valid(const char *key);

/* The params object, defaults left out: a new reference or NULL. */
json_t *job_request_to_json(const struct job_request *request);

/*
 * A pool's name: 1 to POOL_NAME_CHARS of a-z, 0-9, '-' and '_', a letter
 * first.
 */
bool pool_name_is_valid(const char *name);

#endif
