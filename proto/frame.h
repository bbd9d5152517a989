/*
 * Framing: one message is one line, ended by LF.
 *
 * A frame reader takes lines out of a libevent buffer without copying them.
 * It is pure: no socket, no event loop, no state but its own. The daemon, the
 * client and the fuzz target share it. Memory is bounded by max_line_bytes: a
 * longer line is reported once and discarded up to its LF, however long it
 * is, and the reader is in step again behind it.
 */
#ifndef GILD_PROTO_FRAME_H
#define GILD_PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

enum frame_status {
	FRAME_MORE,	/* no whole line yet: feed the buffer and ask again */
	FRAME_LINE,	/* *line and *len hold a line */
	FRAME_TOO_LONG, /* a line passed max_line_bytes; said once a line */
	FRAME_NUL,	/* a line held a NUL byte and was dropped whole */
};

struct frame_reader {
	size_t max_line_bytes; /* without the LF (and one CR before it) */
	size_t scanned_bytes;  /* of the buffer's front, known to hold no LF */
	size_t taken_bytes; /* of the line handed out last, not yet drained */
	bool is_skipping;   /* inside a line that was too long */
};

void frame_reader_init(struct frame_reader *reader, size_t max_line_bytes);

/*
 * The next line of buffer. Blank lines are skipped and one CR before the LF is
 * dropped. *line points into buffer, is not NUL-terminated, and is valid until
 * the next call with this reader or any other change of buffer. With at_eof
 * the bytes behind the last LF count as a line too (a peer that half-closed).
 * What FRAME_TOO_LONG and FRAME_NUL speak of is already gone from buffer; call
 * again for what follows. *line and *len are set with FRAME_LINE only.
 */
enum frame_status frame_read(struct frame_reader *reader,
    struct evbuffer *buffer, bool at_eof, const char **line, size_t *len);

#endif
