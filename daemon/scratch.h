/*
 * Memory for the values of a line that is read: they come together and go
 * together, hundreds of thousands of times a second, and need no malloc() each.
 *
 * Between scratch_begin() and scratch_end() jansson takes memory from here, as
 * long as there is some; else, and at all other times, from malloc(). What was
 * taken is given back as any JSON value is, at any time. All of it is ready
 * again when the last of it was: what is to stay is better copied.
 *
 * One a process; for processes whose JSON is one thread's.
 */
#ifndef GILD_DAEMON_SCRATCH_H
#define GILD_DAEMON_SCRATCH_H

void scratch_begin(void);
void scratch_end(void);

#endif
