/*
 * gilctl, and where it finds gild. It runs in the process that Check forks for
 * a test.
 */
#include "tests/e2e/client.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

void
client_use(const char *address)
{
	ck_assert_int_eq(setenv("GILD_SERVER", address, 1), 0);
	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
}

struct gild *
client_start_gild(const char *option)
{
	struct gild *gild =
	    option != NULL ? gild_start("-o", option, NULL) : gild_start(NULL);

	client_use(gild->address);
	return gild;
}

/* --- in the background --- */

struct client *
client_start(const char *arg, ...)
{
	static struct client client;
	const char *argv[16] = {"gilctl", arg};
	int in[2], out[2];
	va_list list;

	va_start(list, arg);
	for (size_t n = 2; (argv[n] = va_arg(list, const char *)) != NULL; n++)
		ck_assert_uint_lt(n, COUNT(argv) - 1);
	va_end(list);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	client = (struct client){.in = in[1], .out = out[0]};
	client.pid = process_spawn(argv, in[0], out[1], out[1]);
	close(in[0]);
	close(out[1]);
	return &client;
}

/* Reads on; false at the end of what it says. */
static bool
client_read(struct client *client, int64_t end_ms)
{
	struct pollfd fd = {.fd = client->out, .events = POLLIN};
	size_t length = strlen(client->said);
	ssize_t got;

	ck_assert_msg(poll(&fd, 1, ms_until(end_ms)) == 1,
	    "gilctl says no more than: %s", client->said);
	ck_assert_uint_lt(length, sizeof(client->said) - 1);
	got = read(client->out, client->said + length,
	    sizeof(client->said) - 1 - length);
	ck_assert_int_ge(got, 0);
	client->said[length + (size_t)got] = '\0';
	return got > 0;
}

void
client_await(struct client *client, const char *part)
{
	int64_t end_ms = now_ms() + deadline_ms();

	while (strstr(client->said, part) == NULL)
		ck_assert_msg(client_read(client, end_ms),
		    "it never says \"%s\", but: %s", part, client->said);
}

void
client_say(struct client *client, const char *line)
{
	ck_assert_int_eq(
	    write(client->in, line, strlen(line)), (ssize_t)strlen(line));
}

void
client_half_close(struct client *client)
{
	close(client->in);
	client->in = -1;
}

int
client_end(struct client *client)
{
	int64_t end_ms = now_ms() + deadline_ms();
	int status;

	while (client_read(client, end_ms))
		;
	ck_assert(process_reap(client->pid, &status, end_ms));
	close(client->out);
	if (client->in != -1)
		close(client->in);
	return status;
}

void
client_expect_exit(struct client *client, int exit_status)
{
	int status = client_end(client);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == exit_status,
	    "wait status %d, and it says: %s", status, client->said);
}
