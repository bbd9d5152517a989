/*
 * The pulse of a process: a counter on the board that goes up while it makes
 * progress. The master feels it and kills who has none (see crew.h): a
 * process that was stopped, or hangs.
 *
 * A frontend makes progress when its loop turns. An executor does when its
 * thread runs and, while tasks run in its process, turns of them get done, or
 * one of them sleeps because it was asked to. With each beat an executor's
 * title says how many tasks it runs.
 */
#ifndef GILD_DAEMON_PULSE_H
#define GILD_DAEMON_PULSE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/generation.h"
#include "daemon/process.h"

/* Beats within heartbeat_timeout. */
#define PULSE_BEATS 5

struct pulse {
	const struct generation *generation;
	const struct process *process;
	uint64_t progress; /* of its tasks, at the last beat */
	char title[PROCESS_TITLE_CHARS + 32]; /* of an executor */
	size_t title_length;		      /* without what it runs */
	uint32_t n_shown;		      /* tasks that the title tells */
};

void pulse_init(struct pulse *pulse, const struct generation *generation,
    const struct process *process);

/* From beat to beat, in nanoseconds; 0: nobody feels it. */
uint64_t pulse_period_ns(const struct settings *settings);

/* One beat, if there is progress. Safe in a signal handler. */
void pulse_beat(struct pulse *pulse);

/*
 * For a process of one thread that has no loop to beat in: from now on SIGALRM
 * does, until the process ends. pulse must live as long. 0, or -1 (errno).
 */
int pulse_start_alarm(struct pulse *pulse) __attribute__((warn_unused_result));

#endif
