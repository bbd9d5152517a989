/*
 * What results are printed as: chosen by --json, --csv and --markdown, the
 * last of them where several are given.
 */
#ifndef GILD_CLIENT_FORMAT_H
#define GILD_CLIENT_FORMAT_H

#include <stdbool.h>

enum format {
	FORMAT_TEXT,	 /* for people, on a terminal */
	FORMAT_JSON,	 /* for programs: one value a line */
	FORMAT_CSV,	 /* RFC 4180: tables alone, in machine units */
	FORMAT_MARKDOWN, /* GitHub's: tables as people read them, and words */
};

/* Whether there is more than tables in it: sentences, bars, headings. */
static inline bool
format_has_words(enum format format)
{
	return format == FORMAT_TEXT || format == FORMAT_MARKDOWN;
}

#endif
