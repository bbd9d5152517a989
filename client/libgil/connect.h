/* From a server's address to a connected socket. */
#ifndef GILD_LIBGIL_CONNECT_H
#define GILD_LIBGIL_CONNECT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "client/libgil/gil.h"

#define LIBGIL_SERVER_CHARS 255

/*
 * A connected socket that does not block, or -1 with *failure. Its close is a
 * reset (but of a Unix socket) until libgil_end_in_order().
 */
int libgil_connect(const char *server, int timeout_ms,
    struct gil_failure *failure) __attribute__((warn_unused_result));

/* From now on the close of fd is orderly. */
void libgil_end_in_order(int fd);

/* What errno says, for any thread. */
void libgil_put_errno(char *text, size_t size, int error);

/* poll(2)s until deadline_ms (negative: for ever), going on after signals. */
int libgil_await(struct pollfd *fds, unsigned n_fds, int64_t deadline_ms)
    __attribute__((warn_unused_result));
/* Of CLOCK_MONOTONIC, as the deadline is. */
int64_t libgil_now_ms(void);

#endif
