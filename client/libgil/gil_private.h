/*
 * What a connection is made of; for the files of gil.h alone: gil.c makes and
 * ends it and takes requests, gil_poll.c reads what comes and hands it out.
 */
#ifndef GILD_LIBGIL_GIL_PRIVATE_H
#define GILD_LIBGIL_GIL_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/libgil/book.h"
#include "client/libgil/buffer.h"
#include "client/libgil/connect.h"
#include "client/libgil/gil.h"
#include "client/libgil/reply.h"

#define LIBGIL_WHY_CHARS 255

/* How far it has come to its end. */
enum libgil_end {
	LIBGIL_OPEN,
	LIBGIL_ENDED,  /* no more will be read; what is here is still good */
	LIBGIL_BROKEN, /* what is here cannot be understood */
};

struct gil {
	int fd;
	int wake_fd;
	char server[LIBGIL_SERVER_CHARS + 1];
	size_t max_reply_bytes;

	enum libgil_end end;
	bool was_reset;	  /* sending has found that out */
	bool was_orderly; /* its end: no reset */
	bool is_told;	  /* that it is lost */
	char why[LIBGIL_WHY_CHARS + 1];
	uint64_t end_ns;

	struct libgil_buffer in;
	size_t n_scanned; /* bytes at its start that hold no LF */
	bool is_drained;  /* the last read took all that there was */
	uint64_t read_ns; /* when that was */
	struct libgil_buffer out;
	size_t flush_at; /* bytes in out that are sent without being asked */
	struct libgil_book book;

	struct gil_event event;
	struct libgil_strings strings;
	bool has_tasks; /* these are the event's */
	struct gil_task *tasks;
	size_t n_tasks;
	json_t *json; /* of the event, when it was asked for */
};

/* Of CLOCK_MONOTONIC. */
uint64_t libgil_now_ns(void);

/*
 * The connection is at its end, for this reason if it is the first one; or for
 * what this errno says. What was not sent is dropped.
 */
void libgil_lose(struct gil *gil, enum libgil_end end, const char *why);
void libgil_lose_by(struct gil *gil, enum libgil_end end, int error);

/* What was found in the event that was handed out last goes. */
void libgil_forget_event(struct gil *gil);

#endif
