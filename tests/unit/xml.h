/*
 * A small reader of XML, which knows what is well-formed: of tags, attributes
 * and the entities that our writers use. For the suites of what writes some.
 */
#ifndef GILD_TESTS_UNIT_XML_H
#define GILD_TESTS_UNIT_XML_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool
is_entity(const char *at)
{
	return strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 ||
	    strncmp(at, "&gt;", 4) == 0 || strncmp(at, "&quot;", 6) == 0;
}

/* name="value" as often as they come; NULL where it is not written so. */
static inline const char *
skip_attributes(const char *at)
{
	while (*at == ' ') {
		at += strspn(at, " ");
		at += strspn(at, "abcdefghijklmnopqrstuvwxyzB-0123456789");
		if (strncmp(at, "=\"", 2) != 0)
			return NULL;
		for (at += 2; *at != '"'; at++)
			if (*at == '\0' || *at == '<' ||
			    (*at == '&' && !is_entity(at)))
				return NULL;
		at++;
	}
	return at;
}

/* Whether each tag is closed, in order, and nothing is left unescaped. */
static inline bool
is_well_formed(const char *at)
{
	const char *open[32];
	size_t depth = 0, n_roots = 0;

	for (; *at != '\0'; at++) {
		size_t length;

		if (*at == '&' && !is_entity(at))
			return false;
		if (*at != '<') {
			if (depth == 0 && !isspace((unsigned char)*at))
				return false;
			continue;
		}
		if (strncmp(at, "<?xml ", 6) == 0) {
			at = strstr(at, "?>") + 1;
			continue;
		}
		if (at[1] == '/') {
			if (depth == 0)
				return false;
			at += 2;
			length = strcspn(at, ">");
			depth--;
			if (strncmp(open[depth], at, length) != 0 ||
			    isalnum((unsigned char)open[depth][length]))
				return false;
			at += length;
			continue;
		}
		n_roots += depth == 0;
		if (depth == 32)
			return false;
		open[depth++] = ++at;
		at = skip_attributes(at + strcspn(at, " />"));
		if (at == NULL)
			return false;
		if (*at == '/') {
			at++;
			depth--;
		}
		if (*at != '>')
			return false;
	}
	return depth == 0 && n_roots == 1;
}

#endif
