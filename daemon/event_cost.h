/* What it costs to record one event of a lock, measured on this machine. */
#ifndef GILD_DAEMON_EVENT_COST_H
#define GILD_DAEMON_EVENT_COST_H

#include <stdint.h>

/*
 * Takes and releases a lock of its own with events on and off, in turns, and
 * compares the least that a round took of the calling thread's CPU time: some
 * ms in all. In picoseconds; 0 where nothing can be seen. 0, or -1 when a
 * resource ran out (errno is set).
 */
int event_cost_measure(uint64_t *event_ps) __attribute__((warn_unused_result));

#endif
