/*
 * The answers that a client is owed.
 *
 * An answer is made when a call arrives and given exactly once, with a result
 * or an error. It outlives its connection: given to a client that has left, it
 * goes nowhere. The members of a batch are answers like any other; their line
 * is sent when the last was given.
 */
#ifndef GILD_DAEMON_ANSWER_H
#define GILD_DAEMON_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "proto/rpcerror.h"

struct answer;
struct batch;
struct connection;
struct writer;

/* What a connection owes. */
LIST_HEAD(answer_list, answer);

/*
 * Owed by connection from now on, in its list; batch is NULL for a call on its
 * own; id, a string, a number or null, is copied. NULL when memory ran out.
 */
struct answer *answer_new(struct connection *connection,
    struct answer_list *owed, struct batch *batch, json_t *id);

/*
 * Gives the answer and frees it. result is stolen; NULL means that memory ran
 * out, and the client is told so. answer may be NULL: nobody asked for one.
 */
void answer_result(struct answer *answer, json_t *result);
void answer_error(struct answer *answer, const struct rpc_error *error);

/*
 * The same for a result that is written as text: what stands before it, if the
 * answer is wanted, goes into writer, which is empty; the result follows; and
 * the end gives the answer and frees it. Where the writer has failed the client
 * is told that memory ran out.
 */
void answer_begin_result(const struct answer *answer, struct writer *writer);
void answer_end_result(struct answer *answer, struct writer *writer);

/*
 * Whether anybody waits for it: a call was made with an id, and the client is
 * still there. What is not wanted need not be made, but has to be given.
 */
bool answer_is_wanted(const struct answer *answer);

/*
 * Whether a long answer may be given now: not to a client that leaves so much
 * unread already that it is read no more.
 */
bool answer_has_room(const struct answer *answer);
/* What holds its client's connection, this one included; 0: there is none. */
unsigned answer_count_holds(const struct answer *answer);

/* The id of the call, borrowed; NULL for a NULL answer. */
json_t *answer_id(const struct answer *answer);

/* The client has left: those still owed will go nowhere. */
void answers_abandon(struct answer_list *owed);

/*
 * A batch is held by the one who makes its calls, until released; it is sent
 * to connection once all its answers were given. NULL when memory ran out.
 */
struct batch *batch_new(void);
/* How long its line is so far. */
size_t batch_bytes(const struct batch *batch);
void batch_release(struct connection *connection, struct batch *batch);

#endif
