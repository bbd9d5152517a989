/*
 * Owns: cutting a byte stream into lines. Pure: any process and thread, one
 * reader a stream.
 *
 * Invariants between calls: the first scanned_bytes of the buffer hold no LF,
 * so no byte is searched twice however small the pieces that arrive; what was
 * handed out last (taken_bytes) still stands at the front; and once frame_read
 * has said FRAME_MORE the buffer holds at most max_line_bytes + 1, the one
 * being a CR that may yet turn out to be part of the line's end. Lines are not
 * copied: evbuffer_pullup() moves bytes only where a line spans chunks. What a
 * call costs beyond its new bytes is libevent's walk over the chunks before
 * them, 256 steps for a line of 1 MiB: less than the read that brought them.
 *
 * What a line means is left to jsonrpc.c.
 */
#include "proto/frame.h"

#include <event2/buffer.h>
#include <string.h>

void
frame_reader_init(struct frame_reader *reader, size_t max_line_bytes)
{
	*reader = (struct frame_reader){.max_line_bytes = max_line_bytes};
}

/* The place of the first LF in buffer, or -1; remembers where it looked. */
static ssize_t
find_lf(struct frame_reader *reader, struct evbuffer *buffer)
{
	size_t len = evbuffer_get_length(buffer);
	struct evbuffer_ptr from, found;

	if (reader->scanned_bytes >= len)
		return -1;
	if (evbuffer_ptr_set(
		buffer, &from, reader->scanned_bytes, EVBUFFER_PTR_SET) != 0)
		return -1;
	found = evbuffer_search(buffer, "\n", 1, &from);
	if (found.pos < 0)
		reader->scanned_bytes = len;
	return found.pos;
}

static void
drop(struct frame_reader *reader, struct evbuffer *buffer, size_t len)
{
	evbuffer_drain(buffer, len);
	reader->scanned_bytes = 0;
}

static bool
is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

/*
 * There are bytes in buffer and no LF among them. Where they cannot become a
 * line any more they go, and so does what follows them up to the LF.
 */
static enum frame_status
read_without_end(struct frame_reader *reader, struct evbuffer *buffer)
{
	size_t len = evbuffer_get_length(buffer);

	if (reader->is_skipping) {
		drop(reader, buffer, len);
		return FRAME_MORE;
	}
	if (len <= reader->max_line_bytes + 1)
		return FRAME_MORE;
	drop(reader, buffer, len);
	reader->is_skipping = true;
	return FRAME_TOO_LONG;
}

/*
 * The line of `len` bytes at the front of buffer, which end_bytes (an LF, or
 * nothing at the end of the stream) follow. FRAME_MORE: it was blank.
 */
static enum frame_status
take_line(struct frame_reader *reader, struct evbuffer *buffer, size_t len,
    size_t end_bytes, const char **line, size_t *line_len)
{
	const char *text = "";
	size_t whole = len + end_bytes;

	if (len > reader->max_line_bytes + 1) {
		drop(reader, buffer, whole);
		return FRAME_TOO_LONG;
	}
	if (len > 0)
		text = (const char *)evbuffer_pullup(buffer, (ssize_t)len);
	if (text != NULL && len > 0 && text[len - 1] == '\r')
		len--;
	/* A line that memory cannot hold in one piece is too long as well. */
	if (text == NULL || len > reader->max_line_bytes) {
		drop(reader, buffer, whole);
		return FRAME_TOO_LONG;
	}
	if (memchr(text, '\0', len) != NULL) {
		drop(reader, buffer, whole);
		return FRAME_NUL;
	}
	if (is_blank(text, len)) {
		drop(reader, buffer, whole);
		return FRAME_MORE;
	}
	reader->taken_bytes = whole;
	*line = text;
	*line_len = len;
	return FRAME_LINE;
}

enum frame_status
frame_read(struct frame_reader *reader, struct evbuffer *buffer, bool at_eof,
    const char **line, size_t *len)
{
	enum frame_status status = FRAME_MORE;

	if (reader->taken_bytes > 0) {
		drop(reader, buffer, reader->taken_bytes);
		reader->taken_bytes = 0;
	}
	while (status == FRAME_MORE && evbuffer_get_length(buffer) > 0) {
		ssize_t lf = find_lf(reader, buffer);
		size_t rest = evbuffer_get_length(buffer);

		if (lf >= 0 && reader->is_skipping) {
			drop(reader, buffer, (size_t)lf + 1);
			reader->is_skipping = false;
		} else if (lf >= 0) {
			status =
			    take_line(reader, buffer, (size_t)lf, 1, line, len);
		} else if (at_eof && !reader->is_skipping) {
			status = take_line(reader, buffer, rest, 0, line, len);
		} else {
			return read_without_end(reader, buffer);
		}
	}
	return status;
}
