/*
 * Where a test build makes an executor misbehave. gild's own fault_at_task()
 * does nothing. A test program that is to do something links one of its own
 * before libgildcore, which then leaves out this one: nothing in gild can be
 * told to fail.
 */
#ifndef GILD_DAEMON_FAULT_H
#define GILD_DAEMON_FAULT_H

#include <stdint.h>

/* Called by an executor once a task, before it counts. count: its turns. */
void fault_at_task(uint64_t count);

#endif
