/*
 * Errands: requests under way over a lifeline, a bounded number of them, whose
 * answers come in any order. An errand lasts until its answer: where the link
 * tears it is sent again over the next one, and where the server says "later"
 * it is sent again later, for as long as the lifeline's patience lasts.
 */
#ifndef GILD_CLIENT_ERRANDS_H
#define GILD_CLIENT_ERRANDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/command.h"
#include "client/lifeline.h"
#include "client/talk.h"
#include "proto/rpcerror.h"

#define ERRANDS_FOREVER (-1)

struct errand {
	uint64_t id; /* of its request; 0: not sent */
	const char *method;
	json_t *params;	 /* owned */
	uint64_t number; /* the caller's */
	bool is_repeatable;
};

struct errands {
	struct lifeline *line;
	struct errand *list; /* n of size */
	size_t size;
	size_t n;
	int64_t due_ms; /* when those not sent are; only while there are any */
	bool is_told;	/* that the server puts them off */
	const struct talk_watcher *watcher; /* of job.progress, or NULL */
};

struct errand_answer {
	const char *method; /* what it answers */
	uint64_t number;
	json_t *root;	      /* one of these, the caller's: json_decref() */
	const json_t *result; /* an object, or NULL */
	const json_t *error;  /* or NULL */
	enum rpc_error_kind kind;
};

/* 0, or -1 when memory ran out; errands_free() is due either way. */
int errands_init(struct errands *errands, struct lifeline *line, size_t size)
    __attribute__((warn_unused_result));
void errands_free(struct errands *errands);

bool errands_are_full(const struct errands *errands);
bool errands_are_none(const struct errands *errands);

/*
 * One more (they must not be full). method is kept, params stolen. One that is
 * repeatable does no harm when it is carried out twice, so that it may be sent
 * again where its answer was lost. Others may be where the link ended in good
 * order; a tear is their end.
 */
enum outcome errands_add(struct errands *errands, const char *method,
    json_t *params, uint64_t number, bool is_repeatable)
    __attribute__((warn_unused_result));

/*
 * Waits for the next answer, for timeout_ms at the most (ERRANDS_FOREVER):
 * OUTCOME_UNEXPECTED when that is over. There must be an errand. Everything
 * else than OUTCOME_FINE and OUTCOME_UNEXPECTED has been said.
 */
enum outcome errands_next(struct errands *errands, int64_t timeout_ms,
    struct errand_answer *answer) __attribute__((warn_unused_result));

/*
 * A single errand, from its beginning to its end. On OUTCOME_FINE *result is
 * the caller's reference; a refusal has been said. params is stolen.
 */
enum outcome errands_ask(struct lifeline *line, const char *method,
    json_t *params, bool is_repeatable, const struct talk_watcher *watcher,
    json_t **result) __attribute__((warn_unused_result));

#endif
