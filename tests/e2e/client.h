/*
 * gilctl and the gild that it finds, for end-to-end tests; and a gilctl that
 * goes on while a test does something else, one at a time. For the body of a
 * Check test; each wait has a deadline, and what goes wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_CLIENT_H
#define GILD_TESTS_E2E_CLIENT_H

#include <sys/types.h>

struct gild;

/* Each gilctl from now on finds gild at this address, as a user's would: by
 * GILD_SERVER. What it prints does not depend on the test's locale. */
void client_use(const char *address);
/* gild_start(), with this option (NULL: none), for each gilctl from now on. */
struct gild *client_start_gild(const char *option);

struct client {
	pid_t pid;
	int in, out;
	char said[8192]; /* on out and err together */
};

/* Starts gilctl with these arguments, ended by NULL. Not to be freed. */
struct client *client_start(const char *arg, ...) __attribute__((sentinel));

/* Waits until it has said this. */
void client_await(struct client *client, const char *part);
/* What it reads on its standard input; and the end of that. */
void client_say(struct client *client, const char *line);
void client_half_close(struct client *client);

/* Waits for its end: its wait status. All that it said has been read. */
int client_end(struct client *client);
/* It ends with this exit status. */
void client_expect_exit(struct client *client, int exit_status);

#endif
