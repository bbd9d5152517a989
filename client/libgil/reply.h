/* A line from the server, as what it says. */
#ifndef GILD_LIBGIL_REPLY_H
#define GILD_LIBGIL_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "client/libgil/gil.h"

/* Where the strings of one reply are kept; all zeros has none. */
struct libgil_strings {
	char *bytes; /* size of them, owned */
	size_t size;
	size_t used;
};

void libgil_strings_free(struct libgil_strings *strings);

/*
 * Reads a line, which a NUL ends (and may be cut up by more of them): sets
 * event's type (GIL_RESULT, GIL_ERROR, GIL_PROGRESS, GIL_NOTICE), request,
 * json, text and what goes with the type; its other members are 0. Strings are
 * kept in line and in strings, whose former ones are gone. Returns NULL, or why
 * the line is no reply; errno is ENOMEM where memory ran out, else 0.
 *
 * request is 0 in an error with the id null, and in a notification about
 * nothing that has a number.
 */
const char *libgil_reply_read(char *line, size_t length,
    struct libgil_strings *strings, struct gil_event *event)
    __attribute__((warn_unused_result));

/*
 * The tasks of a result's text: 0, and *tasks is the caller's to free (NULL
 * where there are none), or -1 when memory ran out.
 */
int libgil_reply_tasks(const char *json, struct gil_task **tasks,
    size_t *n_tasks) __attribute__((warn_unused_result));

#endif
