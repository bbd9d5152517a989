/*
 * The sockets that clients connect to. The master has them before it forks;
 * the frontends accept from them; they outlive any frontend. A generation has
 * listeners of its own, and where it listens on what the one before it does,
 * both have descriptors of the same socket: nobody who connects is refused in
 * between.
 *
 * A service manager may have made the sockets (socket activation: LISTEN_FDS,
 * sd_listen_fds(3)). Then they are all there are, whatever the settings say:
 * they stay open when gild is gone, and who connects meanwhile waits in them.
 */
#ifndef GILD_DAEMON_LISTENERS_H
#define GILD_DAEMON_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/address.h"
#include "daemon/settings.h"

#define LISTENERS_MAX (SETTINGS_MAX_LISTEN * ADDRESS_MAX_RESOLVED)

struct listener {
	int fd;
	/* As bound, with the real port; no NULs inside. */
	char name[ADDRESS_TEXT_CHARS + 1];
	struct address address; /* as it was asked for */
	bool is_inherited;	/* from a service manager */
	bool owns_path;		/* a Unix socket's, to be removed at the end */
};

struct listeners {
	size_t n;
	struct listener all[LISTENERS_MAX];
};

/*
 * Takes over the sockets that a service manager passed to this process, and
 * removes the variables that say so. How many (0: none), or -1 with what is
 * wrong with one of them in error. An address beyond this machine is refused
 * unless allow_remote is set.
 */
int listeners_inherit(struct listeners *listeners,
    const struct settings *settings, char *error, size_t error_size)
    __attribute__((warn_unused_result));

/*
 * Opens all that the settings name: what the predecessor (NULL: there is none)
 * has is shared with it, all else is bound; if its sockets are inherited, they
 * are shared and nothing else. An address beyond this machine is refused unless
 * allow_remote is set. 0, or -1 with what, where and what would be right in
 * error; what was opened is closed again.
 */
int listeners_open(struct listeners *listeners, const struct settings *settings,
    const struct listeners *predecessor, char *error, size_t error_size)
    __attribute__((warn_unused_result));

/* The successor is the one to remove the paths of what both have. */
void listeners_hand_on(
    struct listeners *listeners, struct listeners *successor);

/* Closes them and removes the paths of Unix sockets that are ours. */
void listeners_close(struct listeners *listeners);

/* Whether a service manager made them. */
bool listeners_are_inherited(const struct listeners *listeners);

#endif
