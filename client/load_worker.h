/*
 * One thread of the load generator: its connections, its share of the schedule,
 * its tally. It sends what is due, reads what has come, and waits for the next
 * of both, until the run is over; then it waits for the last answers.
 *
 * It never connects, since that may take its time: a connection that is lost
 * is *down* until the main thread has put another wire there.
 */
#ifndef GILD_CLIENT_LOAD_WORKER_H
#define GILD_CLIENT_LOAD_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/load_connection.h"
#include "client/load_schedule.h"
#include "client/load_script.h"
#include "client/load_tally.h"

/* What all threads of a run have in common. */
struct load_shared {
	const struct load_script *script;
	uint64_t start_ns; /* of the monotonic clock; set before any starts */
	int stop_fd;	   /* readable: send no more */
	int news_fd;	   /* an eventfd: a wire was lost, or a thread ended */
	atomic_bool is_hurried; /* stop was asked for: a short drain */
};

struct load_worker {
	struct load_shared *shared;
	uint32_t number; /* of the thread */
	pthread_t thread;
	struct load_schedule schedule;
	struct load_tally tally;
	uint32_t n_connections;
	struct load_connection *connections; /* owned */
	struct pollfd *fds;		     /* owned: one more than those */
	uint32_t cursor;		     /* of the next to be used */
	struct load_job next;		     /* of an open loop */
	bool has_next;
	size_t phase;	 /* of a closed loop */
	uint64_t cpu_ns; /* these two: of the time in which it sent */
	uint64_t ran_ns;
	bool is_out_of_memory;
	atomic_bool has_ended;
};

/*
 * Makes ready thread `number` of the script's; each connection takes in_flight
 * jobs at a time. 0, or -1 when memory ran out; load_worker_free() is due
 * either way.
 */
int load_worker_init(struct load_worker *worker, struct load_shared *shared,
    uint32_t number, uint32_t in_flight) __attribute__((warn_unused_result));
/* Closes the wires, too. Not while it runs. */
void load_worker_free(struct load_worker *worker);

/* The thread: until the drain has ended. */
void *load_worker_run(void *worker);

#endif
