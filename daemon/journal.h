/*
 * The way to the system's journal: the socket that takes datagrams of its own
 * protocol, https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, and whether a
 * descriptor is one of the streams that it reads. Spoken directly: libsystemd
 * would draw in a compression library or three.
 */
#ifndef GILD_DAEMON_JOURNAL_H
#define GILD_DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal {
	int fd;			    /* -1: closed; of the class close-on-exec */
	struct sockaddr_un address; /* asked for anew with each datagram: a
				     * journal that restarts may bind another
				     * socket there */
	socklen_t address_length;
};

/*
 * 0, or -1 with errno set when there is no such socket, or none that may be
 * written to; the journal is closed then.
 */
int journal_open(struct journal *journal, const char *path)
    __attribute__((warn_unused_result));
void journal_close(struct journal *journal);

/*
 * Hands one entry over. 0, or -1 with errno set, also where it would have to
 * wait: it never does.
 */
int journal_send(const struct journal *journal, const void *entry,
    size_t n_bytes) __attribute__((warn_unused_result));

/*
 * Whether the journal reads what is written to fd: the variable JOURNAL_STREAM
 * names its device and inode then, as systemd.exec(5) says.
 */
bool journal_reads(int fd);

#endif
