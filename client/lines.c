/*
 * A frame reader skips blank lines and says nothing of them; given all bytes
 * at once it would lose count. So it is given the bytes of one line at a time,
 * and each time a line begins it is counted.
 */
#include "client/lines.h"

#include <errno.h>
#include <event2/buffer.h>

#define LINES_READ_BYTES 65536

int
lines_init(struct lines *lines, size_t max_line_bytes)
{
	*lines = (struct lines){
	    .raw = evbuffer_new(),
	    .line = evbuffer_new(),
	};
	frame_reader_init(&lines->reader, max_line_bytes);
	return lines->raw != NULL && lines->line != NULL ? 0 : -1;
}

void
lines_free(struct lines *lines)
{
	if (lines->raw != NULL)
		evbuffer_free(lines->raw);
	if (lines->line != NULL)
		evbuffer_free(lines->line);
}

bool
lines_are_plenty(const struct lines *lines)
{
	return evbuffer_get_length(lines->raw) >= LINES_READ_BYTES;
}

int
lines_read(struct lines *lines, int fd)
{
	int got = evbuffer_read(lines->raw, fd, LINES_READ_BYTES);

	if (got == -1 && errno != EAGAIN && errno != EINTR)
		return -1;
	if (got == 0)
		lines->is_at_end = true;
	return 0;
}

/* Hands the reader the bytes up to and with the next LF, or all there are. */
static void
feed(struct lines *lines)
{
	size_t n_bytes = evbuffer_get_length(lines->raw);
	struct evbuffer_ptr end;

	if (!lines->is_inside_line)
		lines->number++;
	end = evbuffer_search_eol(lines->raw, NULL, NULL, EVBUFFER_EOL_LF);
	lines->is_inside_line = end.pos == -1;
	if (end.pos != -1)
		n_bytes = (size_t)end.pos + 1;
	evbuffer_remove_buffer(lines->raw, lines->line, n_bytes);
}

enum frame_status
lines_next(struct lines *lines, const char **text, size_t *length)
{
	for (;;) {
		bool is_empty = evbuffer_get_length(lines->raw) == 0;
		enum frame_status status = frame_read(&lines->reader,
		    lines->line, is_empty && lines->is_at_end, text, length);

		if (status != FRAME_MORE || is_empty)
			return status;
		feed(lines);
	}
}
