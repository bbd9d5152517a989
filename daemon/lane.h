/*
 * Where the loads of one client wait: its lanes, one for each pool and
 * priority, each there only while something waits in it. They may outlive the
 * client, for as long as anybody refers to them or a load waits.
 */
#ifndef GILD_DAEMON_LANE_H
#define GILD_DAEMON_LANE_H

#include <stdint.h>
#include <sys/queue.h>

struct lanes;
struct load;

TAILQ_HEAD(load_queue, load);

/* Loads of one client for one pool, of one priority, in order of arrival. */
struct lane {
	struct lanes *lanes; /* it belongs to; a reference */
	uint32_t pool;
	uint32_t priority;
	struct load_queue loads;
	LIST_ENTRY(lane) links; /* of these lanes */
	TAILQ_ENTRY(lane) turn; /* dispatch.c's: among those of all clients */
};

/* Lanes of somebody new, with one reference. NULL when memory ran out. */
struct lanes *lanes_new(void);
/* One more reference; the same lanes. */
struct lanes *lanes_ref(struct lanes *lanes);
/* One fewer; the last one frees them. NULL is fine. */
void lanes_unref(struct lanes *lanes);

/* One load more waits in them, or (-1) one fewer. */
void lanes_count(struct lanes *lanes, int change);
uint32_t lanes_waiting(const struct lanes *lanes);

/* The lane for a pool and a priority, made if need be (it is empty then). NULL
 * when memory ran out. */
struct lane *lane_open(struct lanes *lanes, uint32_t pool, uint32_t priority);
/* Frees a lane that is empty. */
void lane_close(struct lane *lane);

#endif
