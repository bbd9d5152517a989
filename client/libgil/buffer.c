/*
 * Owns: the bytes of a buffer. They are moved to its front only where the end
 * has no room left, and it doubles only where that did not give enough, so that
 * each byte is moved a bounded number of times.
 */
#include "client/libgil/buffer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES ((size_t)65536)

void
libgil_buffer_free(struct libgil_buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct libgil_buffer){0};
}

int
libgil_buffer_reserve(struct libgil_buffer *buffer, size_t n)
{
	size_t length = libgil_buffer_length(buffer);
	size_t size = buffer->size > 0 ? buffer->size : FIRST_BYTES;
	char *bytes;

	if (n <= buffer->size - buffer->end)
		return 0;
	if (n > SIZE_MAX / 4 - length) {
		errno = ENOMEM;
		return -1;
	}
	/* Half of it free, or the next bytes would be moved again soon. */
	while (size / 2 < length || size - length < n)
		size *= 2;
	if (size > buffer->size) {
		bytes = malloc(size);
		if (bytes == NULL)
			return -1;
		if (length > 0)
			memcpy(bytes, buffer->bytes + buffer->start, length);
		free(buffer->bytes);
		buffer->bytes = bytes;
		buffer->size = size;
	} else {
		memmove(buffer->bytes, buffer->bytes + buffer->start, length);
	}
	buffer->start = 0;
	buffer->end = length;
	return 0;
}
