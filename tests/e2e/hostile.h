/*
 * A gild for hostile clients, for end-to-end tests. Its limits are small, so
 * that the bound on memory that server.info tells says something. For the body
 * of a Check test; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_HOSTILE_H
#define GILD_TESTS_E2E_HOSTILE_H

#include "tests/e2e/harness.h"

#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}"
#define JOB                                                        \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":10,\"workers\":2}}"

/* With one frontend, unless this option says otherwise; NULL for none. */
struct gild *hostile_start(const char *option);
/* A second client's ping and job are served, whatever the others do. */
void hostile_check_served(struct gild *gild);
/*
 * The end: others are served, all comes to rest, and no frontend ever took more
 * memory than server.info says. What it took at the most is printed, with what
 * this was. A build with a sanitizer is not judged by that.
 */
void hostile_finish(struct gild *gild, const char *what);

/* The next answer is an error with this reason; NULL: it is a result. The line
 * that it answers is shown where that is not so. */
void hostile_expect_reason(
    struct peer *peer, const char *reason, const char *line);
/* Closes the connection so that gild sees a reset. */
void hostile_reset(struct peer *peer);

#endif
