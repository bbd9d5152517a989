/* Bytes on their way: written at the end, taken from the start. */
#ifndef GILD_LIBGIL_BUFFER_H
#define GILD_LIBGIL_BUFFER_H

#include <stddef.h>

/* All zeros is an empty one. */
struct libgil_buffer {
	char *bytes; /* size of them, owned; those in use: start to end - 1 */
	size_t size;
	size_t start;
	size_t end;
};

void libgil_buffer_free(struct libgil_buffer *buffer);

/*
 * Room for n bytes behind the end, which bytes + end then points to; what is in
 * use may have moved. 0, or -1 with errno ENOMEM and nothing changed.
 */
int libgil_buffer_reserve(struct libgil_buffer *buffer, size_t n)
    __attribute__((warn_unused_result));

static inline size_t
libgil_buffer_length(const struct libgil_buffer *buffer)
{
	return buffer->end - buffer->start;
}

/* n of those in use are done with. */
static inline void
libgil_buffer_drop(struct libgil_buffer *buffer, size_t n)
{
	buffer->start += n;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}

#endif
