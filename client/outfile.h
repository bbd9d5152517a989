/*
 * A file that is there whole or not at all: it is written beside its place and
 * moved there at the end, so that what stood there before stays until then.
 */
#ifndef GILD_CLIENT_OUTFILE_H
#define GILD_CLIENT_OUTFILE_H

#include <stdio.h>

struct outfile {
	FILE *stream; /* to write to */
	/* Private. */
	char *path; /* NULL: nothing to move (standard output, a device) */
	char *temporary;
};

/*
 * Begins the file at this path; "-" is standard output. What is there and no
 * regular file (a device, a pipe) is written to as it is. 0, or -1 with errno.
 */
int outfile_open(struct outfile *file, const char *path)
    __attribute__((warn_unused_result));

/*
 * Ends it: all is written, and in its place. 0, or -1 with errno and nothing
 * left behind. The struct owns nothing after either.
 */
int outfile_commit(struct outfile *file) __attribute__((warn_unused_result));

/* Ends it without a trace, once it is open. */
void outfile_abandon(struct outfile *file);

#endif
