/*
 * The examples of proto/PROTOCOL.md: read out of the text, and compared with
 * what a gild says. The document's last section defines their syntax. No
 * socket, no Check; test_protocol.c holds the conversations.
 */
#ifndef GILD_TESTS_E2E_EXAMPLE_H
#define GILD_TESTS_E2E_EXAMPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define EXAMPLES_DOCUMENT "proto/PROTOCOL.md"
#define EXAMPLE_ERROR_CHARS 639
#define EXAMPLE_MAX_OPTIONS 8

enum step_kind {
	STEP_SEND,	/* "--> ": a line */
	STEP_SEND_LAST, /* "-->| ": without its LF; the sending side closes */
	STEP_EXPECT,	/* "<-- " */
};

struct step {
	enum step_kind kind;
	size_t line;	/* of the document, from 1 */
	char *text;	/* continuation lines joined */
	json_t *expect; /* of STEP_EXPECT, else NULL */
};

struct example {
	size_t line;				/* where its block begins */
	char *options[EXAMPLE_MAX_OPTIONS + 1]; /* ended by NULL */
	size_t n_steps;
	struct step *steps;
};

struct examples {
	size_t n;
	struct example *list;
};

/*
 * The text of EXAMPLES_DOCUMENT, to be freed, looked for in $srcdir as make
 * sets it. Ends the program where it cannot be read.
 */
char *examples_load(void);

/*
 * All examples of a document. 0, or -1 with error saying at which line it
 * cannot be read. To be freed in both cases.
 */
int examples_read(const char *document, struct examples *examples,
    char error[EXAMPLE_ERROR_CHARS + 1]) __attribute__((warn_unused_result));
void examples_free(struct examples *examples);

/*
 * The bytes of a line to send: <CR>, <NUL>, <1025 x> and <NAME> replaced.
 * names is an object of strings. NULL when a name is not known. To be freed.
 */
char *example_expand(const char *text, const json_t *names, size_t *len)
    __attribute__((warn_unused_result));

/*
 * Whether actual is what expected asks for; names (an object) then holds what
 * "<ulid:NAME>" stood for as well. If not, error says where and why.
 */
bool example_matches(const json_t *expected, const json_t *actual,
    json_t *names, char error[EXAMPLE_ERROR_CHARS + 1])
    __attribute__((warn_unused_result));

#endif
