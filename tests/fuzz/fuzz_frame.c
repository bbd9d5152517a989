/*
 * Framing against a model of it: whatever the pieces in which a stream
 * arrives, the reader says what a plain split of the whole stream says, hands
 * out what the stream held, and keeps no more than its bound.
 *
 * An input is the bound on a line (one byte), the seed of the pieces' sizes
 * (one byte), and the stream.
 */
#include "proto/frame.h"

#include <event2/buffer.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* A status, the line where there is one, and an LF, which no line holds. */
static void
note(struct evbuffer *notes, enum frame_status status, const char *line,
    size_t len)
{
	MUST(evbuffer_add_printf(notes, "%d ", (int)status) > 0);
	MUST(evbuffer_add(notes, line, len) == 0);
	MUST(evbuffer_add(notes, "\n", 1) == 0);
}

static void
note_segment(struct evbuffer *notes, size_t max, const char *line, size_t len)
{
	bool is_blank = true;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++)
		is_blank &= memchr(" \t\r", line[i], 3) != NULL;
	if (len > max)
		note(notes, FRAME_TOO_LONG, "", 0);
	else if (memchr(line, '\0', len) != NULL)
		note(notes, FRAME_NUL, "", 0);
	else if (!is_blank)
		note(notes, FRAME_LINE, line, len);
}

static void
split(struct evbuffer *notes, size_t max, const char *stream, size_t size)
{
	while (size > 0) {
		const char *lf = memchr(stream, '\n', size);
		size_t len = lf != NULL ? (size_t)(lf - stream) : size;

		note_segment(notes, max, stream, len);
		len += lf != NULL;
		stream += len;
		size -= len;
	}
}

static void
drain(struct evbuffer *notes, struct frame_reader *reader,
    struct evbuffer *buffer, bool at_eof)
{
	enum frame_status status;
	const char *line;
	size_t len;

	for (;;) {
		line = "";
		len = 0;
		status = frame_read(reader, buffer, at_eof, &line, &len);
		if (status == FRAME_MORE)
			break;
		MUST(status == FRAME_LINE || len == 0);
		note(notes, status, line, len);
	}
	MUST(evbuffer_get_length(buffer) <= reader->max_line_bytes + 1);
	MUST(!at_eof || evbuffer_get_length(buffer) == 0);
}

/* seed 0: all at once. */
static void
read_pieces(struct evbuffer *notes, size_t max, unsigned seed,
    const char *stream, size_t size)
{
	struct evbuffer *buffer = evbuffer_new();
	struct frame_reader reader;

	MUST(buffer != NULL);
	frame_reader_init(&reader, max);
	while (size > 0) {
		size_t len = size;

		if (seed != 0) {
			seed = seed * 1103515245 + 12345;
			len = (seed >> 16) % (seed & 0x8000 ? 4 : 40) + 1;
			len = len < size ? len : size;
		}
		/* By reference: each piece is a chunk of its own. */
		MUST(evbuffer_add_reference(buffer, stream, len, NULL, NULL) ==
		    0);
		stream += len;
		size -= len;
		drain(notes, &reader, buffer, false);
	}
	drain(notes, &reader, buffer, true);
	evbuffer_free(buffer);
}

static void
expect_same(struct evbuffer *a, struct evbuffer *b)
{
	size_t len = evbuffer_get_length(a);

	MUST(len == evbuffer_get_length(b));
	MUST(len == 0 ||
	    memcmp(evbuffer_pullup(a, -1), evbuffer_pullup(b, -1), len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evbuffer *model, *whole, *pieces;
	const char *stream;
	size_t max;

	if (size < 2)
		return 0;
	max = data[0];
	stream = (const char *)data + 2;
	model = evbuffer_new();
	whole = evbuffer_new();
	pieces = evbuffer_new();
	MUST(model != NULL && whole != NULL && pieces != NULL);
	split(model, max, stream, size - 2);
	read_pieces(whole, max, 0, stream, size - 2);
	read_pieces(pieces, max, data[1] + 1u, stream, size - 2);
	expect_same(model, whole);
	expect_same(model, pieces);
	evbuffer_free(model);
	evbuffer_free(whole);
	evbuffer_free(pieces);
	return 0;
}
