/*
 * Memos into buffers and out of them. Run by frontends and by the recorder, in
 * one thread each. Both were forked from the same program, so the struct as it
 * is in memory is the format.
 */
#include "daemon/memo.h"

#include <event2/buffer.h>
#include <stdlib.h>

int
memo_write(struct evbuffer *buffer, const struct memo *memo, const void *behind)
{
	if (evbuffer_expand(buffer, sizeof(*memo) + memo->size) != 0 ||
	    evbuffer_add(buffer, memo, sizeof(*memo)) != 0)
		return -1;
	return memo->size == 0 ? 0 : evbuffer_add(buffer, behind, memo->size);
}

int
memo_read(struct evbuffer *buffer, struct memo *memo, char **behind)
{
	size_t length = evbuffer_get_length(buffer);

	*behind = NULL;
	if (evbuffer_copyout(buffer, memo, sizeof(*memo)) !=
	    (ev_ssize_t)sizeof(*memo))
		return 0;
	if (memo->size > MEMO_MAX_BYTES)
		return -1;
	if (length < sizeof(*memo) + memo->size)
		return 0;
	if (memo->size > 0) {
		*behind = malloc(memo->size + 1);
		if (*behind == NULL)
			return -1;
		(*behind)[memo->size] = '\0';
	}
	evbuffer_drain(buffer, sizeof(*memo));
	if (memo->size > 0)
		evbuffer_remove(buffer, *behind, memo->size);
	return 1;
}
