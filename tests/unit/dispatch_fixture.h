/*
 * The dispatcher of one frontend, with two pools. The test is both ends of it:
 * it enqueues loads, and it is the executors, which take tickets out of a
 * pool's queue and hand them back as ended after as long as they like to say.
 * For the bodies of Check tests; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_UNIT_DISPATCH_FIXTURE_H
#define GILD_TESTS_UNIT_DISPATCH_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/clock.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"
#include "tests/unit/suite.h"

#define MAX_TASKS 4
#define SLOW_NS NS_PER_S /* nothing is handed out ahead of such tasks */
#define QUICK_NS NS_PER_US

extern struct settings settings; /* pool 0 is one process, pool 1 is three */
extern struct generation generation;
extern struct frontend frontend;
extern struct dispatcher *dispatcher;
extern struct tally *tally; /* of pool 0 */

/* --- loads --- */

/* A load with a name. What happens to it is noted in `events`. */
struct part {
	struct load load;
	char name;
	bool cannot_begin;
	uint32_t tickets[MAX_TASKS];
	unsigned n_ended;
};

/* The name of each that was started, and ! for one that could not begin. */
extern char events[1024];

/* One of pool 0, of slow tasks, until its load is changed. */
struct part part_make(char name, uint32_t n_tasks);
/* For one of three clients. */
void enqueue(int client, struct part *part);
/* The client has left, and with it who refers to its lanes. */
void leave(int client);

/* --- the executors --- */

/* The next bundle in a pool's queue. How many tickets it has; 0: none is there. */
uint32_t claim_bundle(uint32_t pool, struct bundle *bundle);
/* The next ticket, or TICKET_NONE. */
uint32_t claim(uint32_t pool);
/* Claims and starts a task, and notes whose it is. */
uint32_t start(uint32_t pool);
/* Hands a ticket back, and lets the dispatcher see it. */
void hand_back(uint32_t ticket);
/* The same of a task that has ended. */
void finish(uint32_t ticket);
/* From its claim to its end. */
void serve(uint32_t pool);

/* Pool 0 has nothing queued and nothing under way. */
void expect_at_rest(void);

/* --- suites --- */

/* Nothing is enqueued; clients take turns, or stand in one line. */
void setup(void);
void setup_fifo(void);
void teardown(void);

#endif
