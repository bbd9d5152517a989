/*
 * One task, run to its end by the thread that claimed it: counting by its
 * profile, with a lock or without.
 */
#ifndef GILD_DAEMON_TASK_H
#define GILD_DAEMON_TASK_H

#include <stdint.h>

#include "daemon/gil.h"
#include "daemon/slot.h"

struct task {
	struct slot *slot;	   /* in state RUNNING */
	struct gil_thread *thread; /* NULL: there is no lock */
	uint64_t overhead_pct;	   /* extra work in each turn */

	/* What came of it; with a lock most of that is in *thread. */
	struct lock_record record;	    /* without a lock: its io */
	struct lock_histograms *histograms; /* the same; the slot's */
	uint64_t migrations;		    /* changes of CPU that it noticed */

	/* Private to task.c. */
	uint64_t left;		/* turns */
	uint64_t since_tick;	/* turns with the lock, since a tick */
	uint64_t overhead_owed; /* work, in hundredths of a turn */
	int cpu;
	bool has_lock;
	bool is_native; /* counting without the lock */
};

/* Takes the lock, counts down, gives the lock up. */
enum task_end task_run(struct task *task);

#endif
