/*
 * The sockets that clients connect to. The master binds them once, before it
 * forks; the frontends accept from them; they outlive any frontend.
 */
#ifndef GILD_DAEMON_LISTENERS_H
#define GILD_DAEMON_LISTENERS_H

#include <stddef.h>

#include "daemon/address.h"
#include "daemon/settings.h"

#define LISTENERS_MAX (SETTINGS_MAX_LISTEN * ADDRESS_MAX_RESOLVED)

struct listeners {
	size_t n;
	int fds[LISTENERS_MAX];
	/* As bound, with the real port; no NULs inside. */
	char names[LISTENERS_MAX][ADDRESS_TEXT_CHARS + 1];
	struct address addresses[LISTENERS_MAX];
};

/*
 * Binds all that the settings name. An address beyond this machine is refused
 * unless allow_remote is set. 0, or -1 with what, where and what would be
 * right in error; what was bound is closed again.
 */
int listeners_open(struct listeners *listeners, const struct settings *settings,
    char *error, size_t error_size) __attribute__((warn_unused_result));

/* Closes them and removes the paths of Unix sockets. */
void listeners_close(struct listeners *listeners);

#endif
