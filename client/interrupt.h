/*
 * Ctrl-C while something is waited for, or a reader that leaves (| head): the
 * terminal is put in order and the server told, and then the program dies from
 * the signal as if nobody had caught it, so that a shell's loop around it stops
 * too.
 */
#ifndef GILD_CLIENT_INTERRUPT_H
#define GILD_CLIENT_INTERRUPT_H

#include <stdbool.h>

/*
 * From now on SIGINT, SIGTERM, SIGHUP and SIGPIPE (those that are not ignored)
 * make interrupt_fd() readable. A second signal kills at once, but for SIGPIPE:
 * then it is the write that fails. Called again it does nothing. 0, or -1 with
 * errno.
 */
int interrupt_catch(void) __attribute__((warn_unused_result));

/* For poll(2); -1 before interrupt_catch(). */
int interrupt_fd(void);

/* Whether it came from a write that nobody reads any more. */
bool interrupt_is_by_reader(void);

/* Dies from the signal that came; does not return. */
void interrupt_die(void) __attribute__((noreturn));

#endif
