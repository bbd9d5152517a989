/* What a program run by run_program() should have done; aborts the test else. */
#ifndef GILD_TESTS_E2E_EXPECT_H
#define GILD_TESTS_E2E_EXPECT_H

#include <jansson.h>
#include <stddef.h>

#include "tests/e2e/process.h"

/* It exited, with this status. */
void expect_exit(const struct run *run, int exit_status);

/* `part` stands in `text`. */
void expect_says(const char *text, const char *part);

/* The one line that a run printed, as JSON: a new reference. */
json_t *one_line(const struct run *run);

size_t count_lines(const char *text);

#endif
