/*
 * The notifier. Run by the master alone. It waits a second at most: a manager
 * that does not read by then misses a message.
 */
#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/log.h"

#define MESSAGE_CHARS (NOTIFY_STATUS_CHARS + 80)

/* A path, or with an @ in front a name in the abstract namespace. -1: errno. */
static int
set_address(struct notifier *notifier, const char *name)
{
	struct sockaddr_un *address = &notifier->address;
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || name[1] == '\0' ||
	    length >= sizeof(address->sun_path)) {
		errno = EINVAL;
		return -1;
	}
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	notifier->address_size =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return 0;
}

static int
open_socket(struct notifier *notifier)
{
	static const struct timeval patience = {.tv_sec = 1};

	notifier->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return notifier->fd < 0 ? -1
				: setsockopt(notifier->fd, SOL_SOCKET,
				      SO_SNDTIMEO, &patience, sizeof(patience));
}

static uint64_t
watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t limit_us;
	char *end;

	if (usec == NULL || *usec < '0' || *usec > '9' ||
	    (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	errno = 0;
	limit_us = strtoull(usec, &end, 10);
	if (errno != 0 || *end != '\0' || limit_us > UINT64_MAX / NS_PER_US)
		return 0;
	return limit_us * NS_PER_US;
}

void
notify_open(struct notifier *notifier)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*notifier = (struct notifier){.fd = -1};
	if (name != NULL && *name != '\0') {
		if (set_address(notifier, name) != 0 ||
		    open_socket(notifier) != 0) {
			log_warn("cannot tell the service manager at %s: %s",
			    name, strerror(errno));
			notify_close(notifier);
		} else {
			notifier->watchdog_ns = watchdog_ns();
		}
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_close(struct notifier *notifier)
{
	if (notifier->fd >= 0)
		close(notifier->fd);
	notifier->fd = -1;
}

bool
notify_is_heard(const struct notifier *notifier)
{
	return notifier->fd >= 0;
}

static int __attribute__((format(printf, 2, 3)))
notify_send(struct notifier *notifier, const char *format, ...)
{
	char text[MESSAGE_CHARS + 1];
	va_list arguments;
	int length;

	if (notifier->fd < 0)
		return -1;
	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > MESSAGE_CHARS)
		length = MESSAGE_CHARS;
	return sendto(notifier->fd, text, (size_t)length, MSG_NOSIGNAL,
		   (const struct sockaddr *)&notifier->address,
		   notifier->address_size) < 0
	    ? -1
	    : 0;
}

void
notify_ready(struct notifier *notifier)
{
	(void)notify_send(notifier, "READY=1");
}

void
notify_reloading(struct notifier *notifier)
{
	(void)notify_send(notifier, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    clock_monotonic_ns() / NS_PER_US);
}

void
notify_stopping(struct notifier *notifier)
{
	(void)notify_send(notifier, "STOPPING=1");
}

void
notify_watchdog(struct notifier *notifier)
{
	if (notifier->watchdog_ns > 0)
		(void)notify_send(notifier, "WATCHDOG=1");
}

void
notify_extend_timeout(struct notifier *notifier, uint64_t by_ns)
{
	(void)notify_send(
	    notifier, "EXTEND_TIMEOUT_USEC=%" PRIu64, by_ns / NS_PER_US);
}

void
notify_status(struct notifier *notifier, const char *format, ...)
{
	char status[NOTIFY_STATUS_CHARS + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(status, sizeof(status), format, arguments);
	va_end(arguments);
	if (strcmp(status, notifier->status) != 0 &&
	    notify_send(notifier, "STATUS=%s", status) == 0)
		strcpy(notifier->status, status);
}
