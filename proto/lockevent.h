/*
 * The events of a lock: what happened to it, in its own order. The daemon's
 * threads record them, lock.events carries them, the client draws them and the
 * tests' checker proves the lock's promises from them.
 *
 * A task's events, in order (E* for any number, E? for one or none):
 *
 *	TASK_START  WANT  ( HAVE  LEAVE  WANT )*  HAVE?  TASK_END
 *
 *	WANT	REQUEST ( DROP_REQUEST? WAKE )*
 *	HAVE	ACQUIRE WITHDRAW*
 *	LEAVE	RELEASE ( SWITCH_WAIT_START SWITCH_WAIT_END )?
 *		( NATIVE_START NATIVE_END | IO_START IO_END )?
 *
 * The last HAVE is followed by a RELEASE whose reason is final or cancelled; a
 * task that is cancelled while it wants the lock ends without.
 */
#ifndef GILD_PROTO_LOCKEVENT_H
#define GILD_PROTO_LOCKEVENT_H

#include <stdint.h>

#include "proto/lockrecord.h"

enum lock_event_kind {
	LOCK_TASK_START, /* label */
	LOCK_TASK_END,
	LOCK_REQUEST,	   /* begins to wait for the lock */
	LOCK_WAKE,	   /* detail: enum lock_wake */
	LOCK_DROP_REQUEST, /* asks the holder, `other`, to give the lock up */
	LOCK_WITHDRAW,	   /* the request to this thread, the holder, is void:
			    * nobody waits any more, or the policy changed */
	LOCK_ACQUIRE,	   /* other: who had it before; detail: 1 if this
			    * thread gave it up while others waited and was
			    * itself the first to take it again; waited_ns */
	LOCK_RELEASE,	   /* detail: enum lock_release */
	LOCK_SWITCH_WAIT_START,
	LOCK_SWITCH_WAIT_END,
	LOCK_NATIVE_START,
	LOCK_NATIVE_END,
	LOCK_IO_START,
	LOCK_IO_END,
	LOCK_EVENT_KINDS
};

/* Why a waiter woke. */
enum lock_wake {
	LOCK_WAKE_SIGNAL,   /* a release chose it */
	LOCK_WAKE_TIMEOUT,  /* its interval, or the holder's quantum, is over */
	LOCK_WAKE_SPURIOUS, /* to look again: a cancel, new parameters, ... */
	LOCK_WAKES
};

/* Why a holder gave the lock up. */
enum lock_release {
	LOCK_RELEASE_REQUESTED, /* a drop request, under `interval` */
	LOCK_RELEASE_TICK,
	LOCK_RELEASE_QUANTUM, /* a drop request, under `fair` */
	LOCK_RELEASE_NATIVE,
	LOCK_RELEASE_IO,
	LOCK_RELEASE_FINAL,
	LOCK_RELEASE_CANCELLED,
	LOCK_RELEASES
};

/* In `other`: no thread. */
#define LOCK_NO_THREAD UINT16_MAX

struct lock_event {
	uint64_t number;  /* its place among all events of the pool, from 0 up
			  * with no gap: a missing number is a lost event */
	uint64_t time_ns; /* monotonic; on the wire: since gild's start */
	uint8_t kind;	  /* enum lock_event_kind */
	uint8_t detail;
	uint16_t domain;
	uint16_t thread; /* of the pool, from 0 up: whose event it is */
	uint16_t other;	 /* a thread, or LOCK_NO_THREAD */
	union {
		uint64_t waited_ns;	 /* of ACQUIRE */
		struct lock_label label; /* of TASK_START */
	};
};

/* "task_start", "acquire"; "signal"; "requested"; NULL when out of range. */
const char *lock_event_kind_name(unsigned kind);
const char *lock_wake_name(unsigned wake);
const char *lock_release_name(unsigned reason);
/* The number of a name, or -1. */
int lock_event_kind_parse(const char *name);
int lock_wake_parse(const char *name);
int lock_release_parse(const char *name);

#endif
