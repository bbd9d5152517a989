/*
 * What gild gives up before it serves anybody: root, if root started it, and
 * for good what no process of it needs: new privileges, core dumps, being
 * traced.
 */
#ifndef GILD_DAEMON_PRIVILEGES_H
#define GILD_DAEMON_PRIVILEGES_H

#include <stddef.h>

#include "daemon/settings.h"

/* Room for one message that says what is wrong and what would be right. */
#define PRIVILEGES_ERROR_CHARS 255

/*
 * Whether this process can run as the `user` of the settings: there is such a
 * user, and this process is root, which can become anybody, or that user. So
 * it holds before privileges_drop() and after it. 0, or -1 with error.
 */
int privileges_check(const struct settings *settings,
    char error[PRIVILEGES_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

/*
 * Gives a Unix socket that this process has bound to the `user`. Does nothing
 * unless privileges_drop() is going to. 0, or -1 with error.
 */
int privileges_give(const struct settings *settings, const char *path,
    char error[PRIVILEGES_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

/*
 * Becomes the `user` of the settings, with their groups and no others, and
 * makes sure that there is no way back. Does nothing without a user, or as
 * somebody else than root. 0, or -1 with error: then the process may be
 * anything in between and has to end.
 */
int privileges_drop(const struct settings *settings,
    char error[PRIVILEGES_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

/*
 * Gives up new privileges (by set-user-ID programs) and, unless gild was built
 * with --enable-debug or a sanitizer, core dumps and being traced or looked
 * into by anybody but root. What is forked later inherits it. After
 * privileges_drop(), which would undo a part. 0, or -1 with errno set.
 */
int privileges_seal(void) __attribute__((warn_unused_result));

#endif
