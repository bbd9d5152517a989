/*
 * The journal's socket. The log owns the one struct journal there is; the
 * descriptor is shared by all processes, and a datagram is a line of one.
 */
#include "daemon/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* connect() looks at the path and its permissions, and sends nothing. */
static int
journal_probe(const struct journal *journal)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result, saved_errno;

	if (fd < 0)
		return -1;
	result = connect(fd, (const struct sockaddr *)&journal->address,
	    journal->address_length);
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return result;
}

int
journal_open(struct journal *journal, const char *path)
{
	struct sockaddr_un *address = &journal->address;

	*journal = (struct journal){.fd = -1, .address.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address->sun_path, path, strlen(path) + 1);
	journal->address_length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) +
		1);
	if (journal_probe(journal) != 0)
		return -1;
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return journal->fd < 0 ? -1 : 0;
}

void
journal_close(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

int
journal_send(const struct journal *journal, const void *entry, size_t n_bytes)
{
	ssize_t n;

	do {
		n = sendto(journal->fd, entry, n_bytes,
		    MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&journal->address,
		    journal->address_length);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

bool
journal_reads(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;
	char *end;

	if (stream == NULL || stream[0] < '0' || stream[0] > '9')
		return false;
	device = strtoumax(stream, &end, 10);
	if (end[0] != ':' || end[1] < '0' || end[1] > '9')
		return false;
	inode = strtoumax(end + 1, &end, 10);
	return end[0] == '\0' && fstat(fd, &status) == 0 &&
	    device == status.st_dev && inode == status.st_ino;
}
