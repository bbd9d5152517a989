/*
 * The one way of text into a document: pictures and pages go through here with
 * all that they did not write themselves.
 *
 * Pure but for the stream.
 */
#include "client/markup.h"

#include <stdbool.h>
#include <stddef.h>

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/*
 * The bytes of the character at text; 0 where it is not UTF-8, or not one that
 * XML has.
 */
static size_t
character_length(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = at[0] < 0x80 ? 1
	    : at[0] < 0xc2	     ? 0
	    : at[0] < 0xe0	     ? 2
	    : at[0] < 0xf0	     ? 3
	    : at[0] < 0xf5	     ? 4
				     : 0;

	for (size_t i = 1; i < length; i++)
		if (!is_continuation(text[i]))
			return 0;
	if (length == 1 && (at[0] < 0x20 || at[0] == 0x7f))
		return at[0] == '\t' || at[0] == '\n';
	/* C1 controls; too long; surrogates; U+FFFE; beyond Unicode */
	if ((at[0] == 0xc2 && at[1] < 0xa0) ||
	    (at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] >= 0xa0) ||
	    (at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

void
markup_put(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t length = character_length(text);

		if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else if (length == 0)
			fputc('?', out);
		else
			fwrite(text, 1, length, out);
		text += length > 0 ? length : 1;
	}
}
