/*
 * The dispatcher of a frontend: run queues, and tickets out and in.
 *
 * Jobs wait in lanes, one a client, pool and priority. A higher priority goes
 * first, always. Within one, a pool's lanes take turns, a job a turn, so that
 * one client's thousand jobs do not stand before another's one; or, with the
 * option queue = fifo, all clients share one lane. Only as many tasks as keep
 * the pool's executors busy are under way (the window); the others stay here,
 * where they are ours to drop, and where a higher priority overtakes them.
 *
 * What a job is does not matter here: the dispatcher knows its load.
 */
#ifndef GILD_DAEMON_DISPATCH_H
#define GILD_DAEMON_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct board;
struct dispatcher;
struct frontend;
struct lane;
struct lanes;
struct load;
struct slot;

/* What the owner of a load does for the dispatcher. */
struct load_type {
	/*
	 * Its first task is about to be dispatched: gets load->tickets ready.
	 * 0, or -1 when that cannot be; the load was then withdrawn, and may
	 * have been freed.
	 */
	int (*begin)(struct load *load);
	/* Writes the request of a task into its slot. */
	void (*fill)(const struct load *load, uint32_t task, struct slot *slot);
	/* A task has ended; slot tells how. May free the load. */
	void (*ended)(
	    struct load *load, uint32_t task, const struct slot *slot);
};

/* A job's tasks on their way. Embedded in the job. */
struct load {
	const struct load_type *type;
	uint32_t pool;
	uint32_t priority; /* below REQUEST_PRIORITIES; the highest first */
	uint32_t n_tasks;
	uint64_t task_ns;  /* about how long one keeps an executor at work */
	uint32_t *tickets; /* one a task, the owner's; TICKET_NONE: none */
	uint32_t attempts; /* of each task, made before it came here */

	/* Written by dispatch.c alone. */
	uint32_t next_task;   /* the first that was not dispatched */
	uint32_t n_under_way; /* dispatched and not ended */
	struct lane *lane;    /* where it waits; NULL: nothing to dispatch */
	TAILQ_ENTRY(load) links;
};

/*
 * Takes over the frontend's range of slots as it is: what a dead predecessor
 * left in it is dropped, or cancelled where it runs. NULL when memory ran out.
 */
struct dispatcher *dispatcher_new(struct frontend *frontend);
void dispatcher_free(struct dispatcher *dispatcher);

/* Puts a load behind those of its pool and priority in its client's lanes. 0,
 * or -1 when memory ran out. */
int dispatch_enqueue(struct dispatcher *dispatcher, struct lanes *lanes,
    struct load *load) __attribute__((warn_unused_result));
/* Takes what was not dispatched yet out again; a no-op when nothing is. */
void dispatch_withdraw(struct dispatcher *dispatcher, struct load *load);
/*
 * Withdraws it, and calls back what is under way: a task that has not started
 * never will and is heard of no more; one that runs is told to stop, and ends.
 */
void dispatch_recall(struct dispatcher *dispatcher, struct load *load);

/* Nothing waits to be dispatched and nothing is under way. */
bool load_is_over(const struct load *load);
/* Turns done so far by the tasks that are under way. */
uint64_t load_turns(const struct load *load, const struct board *board);

/* The most attempts that any of those has behind it: starts that were lost. */
uint32_t load_attempts(const struct load *load, const struct board *board);

/* Dispatches what the windows have room for. To be called after anything that
 * may have enqueued a load or ended a task. */
void dispatch_pump(struct dispatcher *dispatcher);

/* Tickets that came back since it began; and those that are still to come. */
uint64_t dispatch_count_ended(const struct dispatcher *dispatcher);
uint32_t dispatch_count_under_way(const struct dispatcher *dispatcher);

#endif
