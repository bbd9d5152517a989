/*
 * The name of a member that is written often, ready as text: the comma before
 * it, the name in quotes, and the colon. It is copied as a whole, whatever its
 * length, which costs less than to ask for that.
 */
#ifndef GILD_PROTO_TOKEN_H
#define GILD_PROTO_TOKEN_H

#include <stdint.h>

#define TOKEN_BYTES 32

struct token {
	char text[TOKEN_BYTES];
	uint32_t length;
};

/* Of a literal: ASCII, with nothing to escape in it. */
#define NAME_TOKEN(name)                                           \
	{                                                          \
		.text = ",\"" name "\":",                          \
		.length = (uint32_t)(sizeof(",\"" name "\":") - 1) \
	}

#endif
