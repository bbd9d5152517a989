/*
 * Lines of an input, with their numbers: what frame.h reads, for people who
 * look for line 17 in their editor.
 */
#ifndef GILD_CLIENT_LINES_H
#define GILD_CLIENT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/frame.h"

struct evbuffer;

struct lines {
	struct evbuffer *raw;  /* read, not looked at */
	struct evbuffer *line; /* the one line at hand, or its beginning */
	struct frame_reader reader;
	uint64_t number;     /* of the line at hand, from 1 */
	bool is_inside_line; /* its LF has not come yet */
	bool is_at_end;	     /* no more will be read */
};

/* 0, or -1 when memory ran out; lines_free() is due either way. */
int lines_init(struct lines *lines, size_t max_line_bytes)
    __attribute__((warn_unused_result));
/* Frees what the struct owns; one that is all zeroes owns nothing. */
void lines_free(struct lines *lines);

/* Enough is here: reading more would only take memory. */
bool lines_are_plenty(const struct lines *lines);

/*
 * Reads some bytes. 0 (is_at_end is then set where the input ended), or -1
 * with errno.
 */
int lines_read(struct lines *lines, int fd) __attribute__((warn_unused_result));

/*
 * The next line, as frame_read() hands it out: lines->number is its number,
 * also where it is too long or holds a NUL. Blank lines are skipped, and
 * counted. FRAME_MORE with is_at_end means that all have been handed out.
 */
enum frame_status lines_next(
    struct lines *lines, const char **text, size_t *length);

#endif
