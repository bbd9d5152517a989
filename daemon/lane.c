/*
 * Lanes. Run by a frontend's one thread. An idle client has none, and most have
 * one or two: a list is enough to find them.
 *
 * Each lane refers to the lanes that it belongs to, so these are there as long
 * as a load waits in one of them.
 */
#include "daemon/lane.h"

#include <stdlib.h>

struct lanes {
	uint32_t n_refs;
	uint32_t n_waiting;
	LIST_HEAD(, lane) all;
};

struct lanes *
lanes_new(void)
{
	struct lanes *lanes = calloc(1, sizeof(*lanes));

	if (lanes != NULL)
		lanes->n_refs = 1;
	return lanes;
}

struct lanes *
lanes_ref(struct lanes *lanes)
{
	lanes->n_refs++;
	return lanes;
}

void
lanes_unref(struct lanes *lanes)
{
	if (lanes != NULL && --lanes->n_refs == 0)
		free(lanes);
}

void
lanes_count(struct lanes *lanes, int change)
{
	lanes->n_waiting += (uint32_t)change;
}

uint32_t
lanes_waiting(const struct lanes *lanes)
{
	return lanes->n_waiting;
}

struct lane *
lane_open(struct lanes *lanes, uint32_t pool, uint32_t priority)
{
	struct lane *lane;

	LIST_FOREACH (lane, &lanes->all, links) {
		if (lane->pool == pool && lane->priority == priority)
			return lane;
	}
	lane = calloc(1, sizeof(*lane));
	if (lane == NULL)
		return NULL;
	lane->lanes = lanes_ref(lanes);
	lane->pool = pool;
	lane->priority = priority;
	TAILQ_INIT(&lane->loads);
	LIST_INSERT_HEAD(&lanes->all, lane, links);
	return lane;
}

void
lane_close(struct lane *lane)
{
	LIST_REMOVE(lane, links);
	lanes_unref(lane->lanes);
	free(lane);
}
