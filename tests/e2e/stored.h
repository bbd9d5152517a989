/*
 * Gilds with a job store, for end-to-end tests of gilctl: one after another over
 * the same store (storing.h) and on the same socket, which gilctl finds by
 * GILD_SERVER. And what gilctl says of the jobs in it. For the body of a Check test; what goes
 * wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_STORED_H
#define GILD_TESTS_E2E_STORED_H

#include <jansson.h>
#include <stddef.h>

#include "tests/e2e/harness.h"
#include "tests/e2e/process.h"

/* With this option, such as "max_in_flight=2", or NULL; its store serves. */
struct gild *stored_start(const char *option);
/*
 * One that keeps the history of all jobs. It has one frontend: to find each of
 * several, a test would have to submit jobs.
 */
struct gild *stored_start_recording(void);
/* It stops in good order; the next one. */
struct gild *stored_restart(struct gild *gild);
/*
 * The master dies, and all processes with it; the next one. A gilctl that is
 * under way is a child of this process, too, and stays.
 */
struct gild *stored_crash(struct gild *gild);

/* The id that submit --detach printed; submits such a job. Not to be freed. */
const char *stored_id(const struct run *run);
const char *stored_detach(const char *count);

/* What gilctl list says of the only job that fits: a new reference. */
json_t *stored_job(const char *option, const char *value);
/* How many jobs fit. */
size_t stored_count(const char *option, const char *value);
/* Until there are so many: plain jobs are recorded behind their answers. */
void stored_await_count(size_t n);
/* Until a job whose key begins so is in this state. */
void stored_await_state(const char *key, const char *state);

size_t count_lines(const char *text);

#endif
