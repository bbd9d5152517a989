/*
 * What a frontend hears from the master and from other frontends, and what it
 * asks of them: a job belongs to one frontend, and the client that cancels it
 * may be connected to another.
 */
#ifndef GILD_DAEMON_PEER_H
#define GILD_DAEMON_PEER_H

#include "proto/jobid.h"

struct answer;
struct frontend;
struct peers;

/* What the master may order. */
struct peer_orders {
	void (*drain)(struct frontend *frontend); /* finish, then leave */
	void (*abort)(struct frontend *frontend); /* cancel, answer, leave */
};

/* orders must outlive the peers. NULL when memory ran out. */
struct peers *peers_new(
    struct frontend *frontend, const struct peer_orders *orders);
/* Questions that are still open are answered with an error. */
void peers_free(struct peers *peers);

/*
 * Cancels a job, whichever frontend it belongs to, and gives the answer, which
 * is this function's from now on.
 */
void peers_cancel(struct peers *peers, struct job_id id, struct answer *answer);

#endif
