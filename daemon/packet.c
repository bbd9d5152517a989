/*
 * Sending and receiving. Run by the master and by frontends; no state.
 */
#include "daemon/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Aligned as the kernel wants it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(PACKET_MAX_FDS * sizeof(int))];
};

int
packet_send(
    int socket, const void *packet, size_t size, const struct packet_fds *fds)
{
	struct iovec part = {.iov_base = (void *)packet, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	ssize_t sent;

	if (fds != NULL && fds->n > 0) {
		size_t bytes = fds->n * sizeof(int);

		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(&control.header), fds->fds, bytes);
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

static void
take_fds(struct msghdr *message, struct packet_fds *fds)
{
	struct cmsghdr *header;

	for (header = CMSG_FIRSTHDR(message); header != NULL;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET ||
		    header->cmsg_type != SCM_RIGHTS)
			continue;
		fds->n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds->fds, CMSG_DATA(header), fds->n * sizeof(int));
	}
}

int
packet_receive(int socket, void *packet, size_t size, struct packet_fds *fds)
{
	struct iovec part = {.iov_base = packet, .iov_len = size};
	union control control;
	struct msghdr message = {
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t got;

	fds->n = 0;
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return 0;
	take_fds(&message, fds);
	/* MSG_CTRUNC: there was no room for a descriptor that came along. */
	if (got == (ssize_t)size &&
	    (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return 1;
	packet_close_fds(fds);
	return -1;
}

bool
packet_has_ended(int socket)
{
	char byte;

	return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void
packet_close_fds(struct packet_fds *fds)
{
	for (size_t i = 0; i < fds->n; i++)
		close(fds->fds[i]);
	fds->n = 0;
}
