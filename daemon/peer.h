/*
 * What a frontend hears from the master and from other frontends, and what it
 * asks of them: a job belongs to one frontend, and the client that cancels it
 * may be connected to another, or to one of another generation, which is
 * reached by way of the master.
 */
#ifndef GILD_DAEMON_PEER_H
#define GILD_DAEMON_PEER_H

#include "daemon/packet.h"
#include "proto/jobid.h"

struct answer;
struct frontend;
struct peers;

/* What the master may order. */
struct peer_orders {
	void (*serve)(struct frontend *frontend);  /* open the doors */
	void (*retire)(struct frontend *frontend); /* hand over, then leave */
	void (*drain)(struct frontend *frontend);  /* finish, then leave */
	void (*abort)(struct frontend *frontend);  /* cancel, answer, leave */
	/* Take over a client: its socket, which is closed otherwise. */
	void (*client)(struct frontend *frontend, struct packet_fds *fds);
	/* Its link to the recorder, the same. */
	void (*recorder)(struct frontend *frontend, struct packet_fds *fds);
};

/* orders must outlive the peers. NULL when memory ran out. */
struct peers *peers_new(
    struct frontend *frontend, const struct peer_orders *orders);
/* Questions that are still open are answered with an error. */
void peers_free(struct peers *peers);

/*
 * Has the master reload, and gives the answer, which is this function's from
 * now on, when that is done.
 */
void peers_reload(struct peers *peers, struct answer *answer);

/*
 * Cancels a job, whichever frontend of whichever generation it belongs to, and
 * gives the answer, which is this function's from now on.
 */
void peers_cancel(struct peers *peers, struct job_id id, struct answer *answer);

#endif
