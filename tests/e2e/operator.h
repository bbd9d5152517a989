/*
 * The operator of a gild, for end-to-end tests: a configuration file that can
 * be changed, and a Unix socket over which orders are given. For the body of a
 * Check test; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_OPERATOR_H
#define GILD_TESTS_E2E_OPERATOR_H

#include "tests/e2e/harness.h"

/* A configuration: a frontend, a worker, an interpreter. */
#define SMALL                                            \
	"frontends = 1\n"                                \
	"pool \"threads\" { kind = threads size = 2 }\n" \
	"pool \"processes\" { kind = processes size = 1 }\n"
#define SMALL_CHILDREN 3

/* unix:PATH in the test's folder, and its configuration file. */
const char *operator_address(void);
const char *operator_file(void);

/*
 * Writes the configuration file anew: 127.0.0.1:0 and operator_address() to
 * listen on, if text does not say where, and text.
 */
void operator_write(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* gild with this file, and these arguments, ended by NULL. */
struct gild *operator_start(const char *arg, ...);

/* A connection to give orders over. */
struct peer *operator_connect(void);

/* Reloads, on a connection of its own: the number of the generation. */
int64_t operator_reload(void);
/* The same must fail with this slug: the detail, not to be freed. */
const char *operator_reload_error(const char *slug);

/* The number of the generation that serves this peer. */
int64_t peer_generation(struct peer *peer);
/* Waits until this peer's client has been handed over to a generation. */
void peer_await_generation(struct peer *peer, int64_t number);

/* Waits until the master has so many children, and no more: those of one
 * generation, when the older ones are gone. */
void operator_await_alone(struct gild *gild, size_t n_children);

#endif
