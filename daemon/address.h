/*
 * Addresses to listen on: "127.0.0.1:4453", "[::1]:4453", "localhost:4453",
 * "unix:/run/gild/gild.sock". Port 0 lets the kernel choose.
 */
#ifndef GILD_DAEMON_ADDRESS_H
#define GILD_DAEMON_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_CHARS 127
#define ADDRESS_MAX_RESOLVED 8

struct address {
	struct sockaddr_storage storage;
	socklen_t length;
	char unix_path[108]; /* "" for TCP */
};

/*
 * Checks how text is written, without resolving its name. 0, or -1 with a
 * message in error: what is wrong with it, and what would be right.
 */
int address_check(const char *text, char *error, size_t error_size)
    __attribute__((warn_unused_result));

/*
 * Resolves text into one or more addresses (a name may have several; without
 * duplicates, and without those that this machine cannot have while others
 * remain). Returns how many, or -1 with a message in error.
 */
int address_resolve(const char *text, struct address found[], size_t max_found,
    char *error, size_t error_size) __attribute__((warn_unused_result));

/* On this machine: loopback (127/8, ::1) or a Unix socket. */
bool address_is_local(const struct address *address);

/*
 * Refuses an address beyond this machine unless allow_remote says that it is
 * meant; text is how it was written. 0, or -1 with the reason in error.
 */
int address_check_reach(const struct address *address, const char *text,
    bool allow_remote, char *error, size_t error_size)
    __attribute__((warn_unused_result));

/*
 * Binds and listens; non-blocking, close-on-exec, IPv6 addresses v6-only. A
 * Unix socket's path that a dead process left behind is replaced; one that
 * answers is not, nor is a file that is no socket. Returns the descriptor, or
 * -1 with a message in error.
 */
int address_listen(const struct address *address, int backlog, char *error,
    size_t error_size) __attribute__((warn_unused_result));

/* The address that a listening socket really has, with its real port. */
int address_format_bound(int fd, char text[ADDRESS_TEXT_CHARS + 1])
    __attribute__((warn_unused_result));

#endif
