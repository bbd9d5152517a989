/*
 * The system call filter of executors: what a thread has left once it is in it
 * is what counting down takes, and anything else ends the process by SIGSYS.
 */
#ifndef GILD_DAEMON_SANDBOX_H
#define GILD_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether this build has a filter. One with a sanitizer, or that counts
 * coverage, has none: their runtimes open files, map memory and trace. The
 * functions below then do nothing and are content.
 */
bool sandbox_is_built(void);

/* Whether the kernel takes such filters. 0, or -1 with errno set. */
int sandbox_check(void) __attribute__((warn_unused_result));

/*
 * Makes the filter of this process, which no thread of it is in yet. It holds
 * for this process alone, not for what it forks. log_socket is the descriptor
 * to which log lines are sent as datagrams, -1 if they are written. 0, or -1
 * with errno set.
 */
int sandbox_prepare(int log_socket) __attribute__((warn_unused_result));

/*
 * Puts the calling thread into the filter, for good. Does nothing in a process
 * that has none prepared. To be called once all is open that the thread needs,
 * and after it has started all its threads. 0, or -1 with errno set.
 */
int sandbox_enter(void) __attribute__((warn_unused_result));

#endif
