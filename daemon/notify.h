/*
 * What gild tells a service manager, by the protocol of sd_notify(3): one
 * datagram of NAME=VALUE lines to the socket that $NOTIFY_SOCKET names. Where
 * there is none all of this does nothing.
 */
#ifndef GILD_DAEMON_NOTIFY_H
#define GILD_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NOTIFY_STATUS_CHARS 255

struct notifier {
	int fd; /* -1: nobody listens */
	struct sockaddr_un address;
	socklen_t address_size;
	uint64_t watchdog_ns; /* it wants a sign of life so often; 0: none */
	char status[NOTIFY_STATUS_CHARS + 1]; /* that it was told last */
};

/*
 * Reads the environment, and takes NOTIFY_SOCKET, WATCHDOG_USEC and
 * WATCHDOG_PID out of it. A socket that cannot be used is logged.
 */
void notify_open(struct notifier *notifier);
void notify_close(struct notifier *notifier);

/* Whether anybody listens. */
bool notify_is_heard(const struct notifier *notifier);

void notify_ready(struct notifier *notifier);
/* Of a reload: its end is told by notify_ready(), however it ended. */
void notify_reloading(struct notifier *notifier);
void notify_stopping(struct notifier *notifier);
/* All is well. */
void notify_watchdog(struct notifier *notifier);
/* The end may be so far off, counted from now. */
void notify_extend_timeout(struct notifier *notifier, uint64_t by_ns);
/* One line for people, sent only when it is another one than the last. */
void notify_status(struct notifier *notifier, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
