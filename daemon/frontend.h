/*
 * A frontend: a process that owns client connections and their jobs. Its
 * parts, each with a file of its own, share this struct and one thread:
 *
 *	connection.c  bytes in and out, framing, backpressure
 *	answer.c      what clients are owed; batches
 *	methods.c     what each JSON-RPC method does
 *	job.c         a job's life from its request to its result
 *	dispatch.c    run queues, slots, tickets out and in
 *	peer.c        what master and other frontends say and ask
 *	report.c      server.info, server.stats, pool.list
 */
#ifndef GILD_DAEMON_FRONTEND_H
#define GILD_DAEMON_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/generation.h"
#include "proto/jobid.h"

struct connection;
struct dispatcher;
struct event_base;
struct jobs;
struct peers;
struct process;

LIST_HEAD(connection_list, connection);

struct frontend {
	const struct generation *generation;
	const struct settings *settings;
	const struct board *board;
	uint32_t number;
	struct event_base *base;
	struct dispatcher *dispatcher;
	struct jobs *jobs;
	struct peers *peers;
	struct connection_list connections;
	uint32_t n_connections;
	bool is_draining;    /* no new connections, no new jobs */
	struct doors *doors; /* the listeners, as this process uses them */
};

/* Runs until it is drained or the master is gone. The exit status. */
int frontend_main(
    const struct generation *generation, const struct process *process);

/* A connection begins; one ended. */
void frontend_add(struct frontend *frontend);
void frontend_remove(struct frontend *frontend);

/* Finish what is in flight, then leave. */
void frontend_drain(struct frontend *frontend);
/* Cancel what is in flight, answer, and leave within a second. */
void frontend_abort(struct frontend *frontend);

#endif
