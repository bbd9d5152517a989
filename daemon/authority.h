/*
 * Who may give gild orders: to reload, to drain, to shut down. Not everybody who
 * may submit jobs: root, and the user or a member of the group that gild runs
 * as, over a Unix socket, where the kernel says who the client is.
 */
#ifndef GILD_DAEMON_AUTHORITY_H
#define GILD_DAEMON_AUTHORITY_H

#include "proto/rpcerror.h"

/* Whether a client's socket is one of theirs. 0, or -1 with *error set. */
int authority_check(int fd, struct rpc_error *error)
    __attribute__((warn_unused_result));

#endif
