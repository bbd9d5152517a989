/*
 * A session: what a frontend has to do with one client. It makes calls of the
 * lines that come over the client's connection, and it is what owns the
 * client's jobs and the answers that it is owed.
 */
#ifndef GILD_DAEMON_SESSION_H
#define GILD_DAEMON_SESSION_H

#include "daemon/packet.h"

struct frontend;

/*
 * Begins with a socket that was accepted, which is the session's from now on
 * (on failure it is closed). 0, or -1 when memory ran out.
 */
int session_open(struct frontend *frontend, int fd)
    __attribute__((warn_unused_result));

/*
 * Goes on with a client that another process handed over: its socket and, if
 * there is a second descriptor, a file with what was read from it. Both are the
 * session's from now on.
 */
void session_adopt(struct frontend *frontend, struct packet_fds *fds);

/* Each goes to a newer generation as soon as its client has all its answers. */
void session_hand_over_all(struct frontend *frontend);
/* Each ends as soon as its client has got all its answers. */
void session_drain_all(struct frontend *frontend);
/* All clients leave now. */
void session_close_all(struct frontend *frontend);

#endif
