/*
 * Packets between processes of gild: a struct, and descriptors that go with
 * it, over a socket of type SOCK_SEQPACKET that does not block.
 */
#ifndef GILD_DAEMON_PACKET_H
#define GILD_DAEMON_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#define PACKET_MAX_FDS 2

struct packet_fds {
	size_t n;
	int fds[PACKET_MAX_FDS];
};

/*
 * Sends one packet; the descriptors (NULL: none) are lent. 0, or -1 with errno:
 * EAGAIN when there is no room, EPIPE or ECONNRESET when nobody is left to read.
 */
int packet_send(int socket, const void *packet, size_t size,
    const struct packet_fds *fds) __attribute__((warn_unused_result));

/*
 * Receives one packet of exactly this size. The descriptors that come with it
 * are the caller's, close-on-exec. 1, or 0 when there is none, or -1 when one
 * was dropped: it was of another size, or this process has no room for all of
 * its descriptors.
 */
int packet_receive(int socket, void *packet, size_t size,
    struct packet_fds *fds) __attribute__((warn_unused_result));

/* Nothing is left to receive, and nobody is left to send. */
bool packet_has_ended(int socket);

/* Closes them all. */
void packet_close_fds(struct packet_fds *fds);

#endif
