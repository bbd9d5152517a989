/*
 * The dispatcher of a frontend: run queues, and tickets out and in.
 *
 * Jobs wait in lanes, one a client and pool. A pool's lanes with jobs take
 * turns, a job a turn, so that one client's thousand jobs do not stand before
 * another's one. Only as many tasks as keep the pool's executors busy are
 * under way (the window); the others stay here, where they are ours to drop.
 */
#ifndef GILD_DAEMON_DISPATCH_H
#define GILD_DAEMON_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

struct dispatcher;
struct frontend;
struct job;
struct lane;

/*
 * Takes over the frontend's range of slots as it is: what a dead predecessor
 * left in it is dropped, or cancelled where it runs. NULL when memory ran out.
 */
struct dispatcher *dispatcher_new(struct frontend *frontend);
void dispatcher_free(struct dispatcher *dispatcher);

/* Puts a job's tasks behind those of its lane. */
void dispatch_enqueue(
    struct dispatcher *dispatcher, struct lane *lane, struct job *job);
/* Takes what was not dispatched yet out again; a no-op when nothing is. */
void dispatch_withdraw(struct dispatcher *dispatcher, struct job *job);

/*
 * Calls a dispatched task back. True when it had not started: it never will,
 * and its job hears no more of it. False when it runs (it was told to stop) or
 * has ended (its ticket is on its way).
 */
bool dispatch_stop(
    struct dispatcher *dispatcher, uint32_t pool, uint32_t ticket);

/* Dispatches what the windows have room for. To be called after anything that
 * may have enqueued a job or ended a task. */
void dispatch_pump(struct dispatcher *dispatcher);

#endif
