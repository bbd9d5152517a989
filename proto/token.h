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

/* The length of a literal; one that has no room in a token does not compile. */
#define TOKEN_LENGTH(literal)         \
	((uint32_t)(sizeof(literal) - \
	    sizeof(char[sizeof(literal) <= TOKEN_BYTES ? 1 : -1])))

/* Of a literal: ASCII, with nothing to escape in it. */
#define NAME_TOKEN(name)                                 \
	{                                                \
		.text = ",\"" name "\":",                \
		.length = TOKEN_LENGTH(",\"" name "\":") \
	}

#endif
