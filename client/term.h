/*
 * Where text goes: a terminal or not, how wide, and what it can show. And
 * text made safe to show there.
 */
#ifndef GILD_CLIENT_TERM_H
#define GILD_CLIENT_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TERM_DEFAULT_COLUMNS 80

struct term {
	FILE *stream;
	unsigned columns; /* 80 where there is no terminal */
	bool is_live;	  /* a terminal that can rewrite its last line */
	bool has_colour;  /* live, and NO_COLOR (https://no-color.org) unset */
	bool has_utf8;	  /* the locale says so: block characters */
};

enum term_style {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_DIM,
	TERM_BAR,
	TERM_WAIT,
	TERM_WARNING
};

/* Looks at stream; after setlocale(). */
void term_init(struct term *term, FILE *stream);

/*
 * The width as it is now (a person may have changed it); for what is drawn
 * again and again.
 */
void term_measure(struct term *term);

/* The escape sequences of a style, or "" where there is no colour. */
const char *term_style(const struct term *term, enum term_style style);
/* Prints so many bytes of text in a style; nothing where there are none. */
void term_print(const struct term *term, enum term_style style,
    const char *text, size_t length);

/*
 * The columns that text takes: its characters. What this client prints is
 * made of characters of one column.
 */
size_t term_width(const char *text);

/* Replaces control characters by '?': another program's text is harmless. */
void term_tame(char *text);

#endif
