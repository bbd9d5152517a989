/*
 * A frontend: a process that owns client connections and their jobs. Its parts
 * share one thread, and this struct says where each finds the others. They
 * stand on each other's shoulders, the lowest first:
 *
 *	crowd.c	      all connections, and what they hold together
 *	connection.c  bytes in and out, lines, backpressure
 *	doors.c       accepting clients
 *	answer.c      what clients are owed; batches
 *	dispatch.c    run queues, slots, tickets out and in
 *	records.c     what the recorder is asked and told
 *	job.c         a job's life from its request to its result
 *	job_end.c     what is told of a job that is over, and to whom
 *	job_stored.c  what is different where a job is in the store
 *	report.c      server.info, server.stats, pool.list
 *	peer.c        what master and other frontends say and ask
 *	authority.c   who may give orders
 *	methods.c     what each JSON-RPC method does
 *	scratch.c     memory for what one line is made of
 *	session.c     one client: lines become calls
 *	frontend.c    the process
 */
#ifndef GILD_DAEMON_FRONTEND_H
#define GILD_DAEMON_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/crowd.h"
#include "daemon/generation.h"
#include "daemon/pulse.h"
#include "daemon/spin.h"

struct dispatcher;
struct doors;
struct event;
struct event_base;
struct jobs;
struct peers;
struct process;
struct records;

LIST_HEAD(session_list, session);

struct frontend {
	const struct generation *generation;
	const struct settings *settings;
	const struct board *board;
	uint32_t number;
	struct event_base *base;
	struct dispatcher *dispatcher;
	struct jobs *jobs;
	struct records *records;
	struct peers *peers;
	struct doors *doors;
	struct session_list sessions;
	struct crowd crowd;
	bool is_retiring;	  /* a newer generation has the clients */
	bool is_stopping;	  /* no more jobs */
	bool is_empty;		  /* and all clients have left */
	struct event *life_event; /* the master's death */
	struct spinner spinner;
	struct spin client_spin; /* nothing is under way: for a client */
	struct spin task_spin;	 /* for a task, or a client */
	struct pulse pulse;
	struct event *pulse_timer;
};

/* Ends the loop of a frontend that is to leave, if nothing keeps it. */
void frontend_check_end(struct frontend *frontend);
/*
 * Makes the frontend with this number all that it is but a process: its loop
 * is the caller's to turn, its doors open when the master orders it. Its parts
 * point to it, so it stays where it is. 0, or -1 when memory ran out, and then
 * there is nothing left to do with it.
 */
int frontend_open(struct frontend *frontend,
    const struct generation *generation, uint32_t number)
    __attribute__((warn_unused_result));
/* All clients leave now, and their jobs with them. */
void frontend_close(struct frontend *frontend);

/* Runs until it is drained or the master is gone. The exit status. */
int frontend_main(
    const struct generation *generation, const struct process *process);

#endif
