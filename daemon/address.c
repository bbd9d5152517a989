/*
 * Addresses as text, as sockaddr, and as listening sockets. The master runs
 * this at the start, the command line's check before it; nothing is kept
 * between calls.
 *
 * A Unix socket's path that a dead process left behind is told from a live one
 * by connecting to it. Two daemons that start at the same moment on the same
 * left-behind path could still both believe to own it; a service manager, or
 * a path of its own for each, keeps them apart.
 */
#include "daemon/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define EXAMPLE_PORT "4453"
#define HOST_CHARS 255
#define PORT_CHARS 5
#define DIGITS "0123456789"

_Static_assert(sizeof(((struct address *)0)->unix_path) ==
	sizeof(((struct sockaddr_un *)0)->sun_path),
    "a path that fits the kernel's address fits ours");
_Static_assert(ADDRESS_TEXT_CHARS >=
	sizeof(UNIX_PREFIX) + sizeof(((struct sockaddr_un *)0)->sun_path),
    "every address has a text");

/* An address's text, taken apart. */
struct parts {
	const char *unix_path; /* NULL for TCP */
	bool has_brackets;
	char host[HOST_CHARS + 1];
	char port[PORT_CHARS + 1];
};

static int __attribute__((format(printf, 3, 4)))
complain(char *error, size_t error_size, const char *message, ...)
{
	va_list arguments;

	va_start(arguments, message);
	vsnprintf(error, error_size, message, arguments);
	va_end(arguments);
	return -1;
}

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, DIGITS)] == '\0';
}

static int
split_unix(const char *text, struct parts *parts, char *error, size_t size)
{
	size_t room = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	parts->unix_path = text + strlen(UNIX_PREFIX);
	if (parts->unix_path[0] == '\0')
		return complain(error, size,
		    "\"%s\" has no path: write unix:/run/gild/gild.sock", text);
	if (strlen(parts->unix_path) > room)
		return complain(error, size,
		    "\"%s\" is too long: a Unix socket's path has at most %zu "
		    "bytes, this one %zu",
		    text, room, strlen(parts->unix_path));
	return 0;
}

/* Where in text the host ends and ":PORT" begins, or NULL. */
static const char *
find_port(const char *text, char *error, size_t size)
{
	const char *colon = strchr(text, ':');

	if (text[0] == '[') {
		const char *bracket = strchr(text, ']');

		if (bracket != NULL && bracket[1] == ':')
			return bracket + 1;
		complain(error, size,
		    bracket == NULL
			? "\"%s\" has no closing bracket: write [::1]:%s"
			: "\"%s\" has no port: write [::1]:%s",
		    text, EXAMPLE_PORT);
		return NULL;
	}
	if (colon == NULL && is_number(text)) {
		complain(error, size, "\"%s\" has no host: write 127.0.0.1:%s",
		    text, text);
		return NULL;
	}
	if (colon == NULL) {
		complain(error, size, "\"%s\" has no port: write %s:%s", text,
		    text[0] == '\0' ? "127.0.0.1" : text, EXAMPLE_PORT);
		return NULL;
	}
	if (strchr(colon + 1, ':') != NULL) {
		complain(error, size,
		    "\"%s\" is ambiguous: write an IPv6 address in brackets "
		    "and its port behind them, such as [::1]:%s",
		    text, EXAMPLE_PORT);
		return NULL;
	}
	return colon;
}

static int
split_tcp(const char *text, struct parts *parts, char *error, size_t size)
{
	const char *colon = find_port(text, error, size), *host, *port;
	struct in6_addr ignored;
	size_t host_length;

	if (colon == NULL)
		return -1;
	parts->has_brackets = text[0] == '[';
	host = parts->has_brackets ? text + 1 : text;
	host_length = (size_t)(colon - host) - parts->has_brackets;
	port = colon + 1;
	if (host_length == 0)
		return complain(error, size,
		    "\"%s\" has no host: write 127.0.0.1%s for this machine "
		    "alone",
		    text, colon);
	if (host_length > HOST_CHARS)
		return complain(error, size,
		    "\"%.40s...\" is too long: a host has at most %d bytes",
		    text, HOST_CHARS);
	if (port[0] == '\0')
		return complain(error, size, "\"%s\" has no port: write %s%s",
		    text, text, EXAMPLE_PORT);
	memcpy(parts->host, host, host_length);
	parts->host[host_length] = '\0';
	if (!is_number(port) || strlen(port) > PORT_CHARS ||
	    strtoul(port, NULL, 10) > UINT16_MAX)
		return complain(error, size,
		    "\"%s\": the port must be an integer from 0 to 65535, not "
		    "\"%s\"",
		    text, port);
	memcpy(parts->port, port, strlen(port) + 1);
	if (!parts->has_brackets)
		return 0;
	/* A scope, as in fe80::1%eth0, is getaddrinfo's. */
	if (strchr(parts->host, '%') == NULL &&
	    inet_pton(AF_INET6, parts->host, &ignored) != 1)
		return complain(error, size,
		    "\"%s\": brackets hold an IPv6 address, such as [::1]:%s",
		    text, port);
	return 0;
}

static int
split(const char *text, struct parts *parts, char *error, size_t size)
{
	*parts = (struct parts){.unix_path = NULL};
	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return split_unix(text, parts, error, size);
	return split_tcp(text, parts, error, size);
}

int
address_check(const char *text, char *error, size_t error_size)
{
	struct parts parts;

	return split(text, &parts, error, error_size);
}

static void
make_unix(struct address *address, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	memcpy(un.sun_path, path, length + 1);
	*address = (struct address){
	    .length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		length + 1),
	};
	memcpy(&address->storage, &un, address->length);
	memcpy(address->unix_path, path, length + 1);
}

static bool
is_same(const struct address *address, const struct addrinfo *info)
{
	return address->length == info->ai_addrlen &&
	    memcmp(&address->storage, info->ai_addr, info->ai_addrlen) == 0;
}

/* Adds info unless it is there already. Returns how many there are, or -1. */
static int
add_found(struct address found[], int n_found, size_t max_found,
    const struct addrinfo *info)
{
	for (int i = 0; i < n_found; i++) {
		if (is_same(&found[i], info))
			return n_found;
	}
	if ((size_t)n_found == max_found)
		return -1;
	found[n_found] = (struct address){.length = info->ai_addrlen};
	memcpy(&found[n_found].storage, info->ai_addr, info->ai_addrlen);
	return n_found + 1;
}

/* Whether this machine has the address at all, on whichever port. */
static bool
is_ours(const struct address *address)
{
	struct sockaddr_storage any_port = address->storage;
	bool is_bound;
	int fd =
	    socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (any_port.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&any_port)->sin6_port = 0;
	else
		((struct sockaddr_in *)&any_port)->sin_port = 0;
	is_bound = bind(fd, (struct sockaddr *)&any_port, address->length) == 0;
	close(fd);
	return is_bound;
}

/*
 * "localhost" is ::1 too where IPv6 is switched off: of several addresses
 * those that cannot be had are left out, unless that leaves none to complain
 * about.
 */
static int
keep_ours(struct address found[], int n_found)
{
	int n_kept = 0;

	for (int i = 0; n_found > 1 && i < n_found; i++) {
		if (is_ours(&found[i]))
			found[n_kept++] = found[i];
	}
	return n_kept > 0 ? n_kept : n_found;
}

int
address_resolve(const char *text, struct address found[], size_t max_found,
    char *error, size_t error_size)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *infos = NULL;
	struct parts parts;
	int n_found = 0, failure;

	if (split(text, &parts, error, error_size) != 0)
		return -1;
	if (parts.unix_path != NULL) {
		make_unix(&found[0], parts.unix_path);
		return 1;
	}
	if (parts.has_brackets)
		hints.ai_flags |= AI_NUMERICHOST;
	failure = getaddrinfo(parts.host, parts.port, &hints, &infos);
	if (failure != 0)
		return complain(error, error_size, "cannot resolve \"%s\": %s",
		    parts.host,
		    failure == EAI_SYSTEM ? strerror(errno)
					  : gai_strerror(failure));
	for (struct addrinfo *info = infos; info != NULL;
	     info = info->ai_next) {
		n_found = add_found(found, n_found, max_found, info);
		if (n_found < 0)
			break;
	}
	freeaddrinfo(infos);
	if (n_found < 0)
		return complain(error, error_size,
		    "\"%s\" has more than %zu addresses: write those that are "
		    "meant",
		    text, max_found);
	return keep_ours(found, n_found);
}

bool
address_is_local(const struct address *address)
{
	const struct sockaddr_in *in = (const void *)&address->storage;
	const struct sockaddr_in6 *in6 = (const void *)&address->storage;

	switch (address->storage.ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	default:
		return false;
	}
}

int
address_check_reach(const struct address *address, const char *text,
    bool allow_remote, char *error, size_t error_size)
{
	if (allow_remote || address_is_local(address))
		return 0;
	return complain(error, error_size,
	    "refusing to listen on %s: it can be reached from beyond this "
	    "machine, and gild has no authentication: anybody there could use "
	    "it. Listen on 127.0.0.1 or a unix: path, or set allow_remote = "
	    "true if this is meant",
	    text);
}

static int
format_name(const struct sockaddr_storage *storage, socklen_t length,
    char text[ADDRESS_TEXT_CHARS + 1])
{
	const struct sockaddr_un *un = (const void *)storage;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	int n;

	if (storage->ss_family == AF_UNIX) {
		size_t at = offsetof(struct sockaddr_un, sun_path);

		if (length <= at || un->sun_path[0] == '\0')
			return -1;
		n = snprintf(text, ADDRESS_TEXT_CHARS + 1, "%s%.*s",
		    UNIX_PREFIX, (int)(length - at), un->sun_path);
	} else {
		if (getnameinfo((const struct sockaddr *)storage, length, host,
			sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
			return -1;
		n = snprintf(text, ADDRESS_TEXT_CHARS + 1,
		    storage->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		    port);
	}
	return n > 0 && n <= ADDRESS_TEXT_CHARS ? 0 : -1;
}

int
address_format_bound(int fd, char text[ADDRESS_TEXT_CHARS + 1])
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);

	if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0)
		return -1;
	return format_name(&storage, length, text);
}

/* Whether a process listens at the path. -1: it cannot be told (errno). */
static int
answers(const struct address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int result = 1, saved_errno;

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address->storage,
		address->length) < 0) {
		if (errno == ECONNREFUSED || errno == ENOENT)
			result = 0;
		else if (errno != EAGAIN) /* its queue is full: alive */
			result = -1;
	}
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return result;
}

/* Clears a left-behind socket out of the way. */
static int
remove_stale(const struct address *address, char *error, size_t error_size)
{
	const char *path = address->unix_path;
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT
		    ? 0
		    : complain(error, error_size, "cannot listen on %s%s: %s",
			  UNIX_PREFIX, path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return complain(error, error_size,
		    "cannot listen on %s%s: there is a file of this name that "
		    "is no socket",
		    UNIX_PREFIX, path);
	switch (answers(address)) {
	case 0:
		if (unlink(path) == 0 || errno == ENOENT)
			return 0;
		break;
	case 1:
		return complain(error, error_size,
		    "cannot listen on %s%s: another process listens there",
		    UNIX_PREFIX, path);
	}
	return complain(error, error_size, "cannot replace the socket %s: %s",
	    path, strerror(errno));
}

static int
set_options(int fd, int family)
{
	int on = 1;

	if (family == AF_UNIX)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	if (family == AF_INET)
		return 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
}

static const char *
explain(int family, int number)
{
	if (family == AF_UNIX)
		return strerror(number);
	switch (number) {
	case EADDRINUSE:
		return "another process listens there";
	case EADDRNOTAVAIL:
		return "this machine does not have that address";
	case EACCES:
		return "not permitted (ports below 1024 are the system's)";
	default:
		return strerror(number);
	}
}

/* -1: for the reason in error, or, if that is empty, in errno. */
static int
bind_to(int fd, const struct address *address, char *error, size_t error_size)
{
	const struct sockaddr *name = (const void *)&address->storage;

	if (bind(fd, name, address->length) == 0)
		return 0;
	if (name->sa_family != AF_UNIX || errno != EADDRINUSE ||
	    remove_stale(address, error, error_size) != 0)
		return -1;
	return bind(fd, name, address->length);
}

int
address_listen(
    const struct address *address, int backlog, char *error, size_t error_size)
{
	int family = address->storage.ss_family;
	char text[ADDRESS_TEXT_CHARS + 1];
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	error[0] = '\0';
	if (fd >= 0 && set_options(fd, family) == 0 &&
	    bind_to(fd, address, error, error_size) == 0 &&
	    listen(fd, backlog) == 0)
		return fd;
	if (error[0] == '\0') {
		const char *reason = explain(family, errno);

		if (format_name(&address->storage, address->length, text) != 0)
			strcpy(text, "the address");
		complain(
		    error, error_size, "cannot listen on %s: %s", text, reason);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}
