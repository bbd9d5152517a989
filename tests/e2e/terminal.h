/* A terminal of the tests': what a program shows to whoever watches it. */
#ifndef GILD_TESTS_E2E_TERMINAL_H
#define GILD_TESTS_E2E_TERMINAL_H

#include <stddef.h>

#define TERMINAL_SHOWN_BYTES ((size_t)1 << 20)

struct terminal {
	int screen; /* the test's end */
	int line;   /* the program's: its standard error, say */
	char shown[TERMINAL_SHOWN_BYTES]; /* so far */
};

/*
 * One that is so wide. Sets TERM, and NO_COLOR, so that what is shown is text
 * and erasing.
 */
void terminal_open(struct terminal *terminal, unsigned columns);
void terminal_close(struct terminal *terminal);

/* Reads until it has shown this; fails the test where that takes too long. */
void terminal_await(struct terminal *terminal, const char *part);
/* What was shown until now is no answer to what is awaited next. */
void terminal_forget(struct terminal *terminal);

#endif
