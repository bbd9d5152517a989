/* The operator. It runs in the process that Check forks for a test. */
#include "config.h"

#include "tests/e2e/operator.h"

#include <check.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
operator_address(void)
{
	static char address[128];

	snprintf(address, sizeof(address), "unix:%s/gild.sock", scratch_dir());
	return address;
}

const char *
operator_file(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/gild.conf", scratch_dir());
	return path;
}

void
operator_write(const char *format, ...)
{
	FILE *file = fopen(operator_file(), "we");
	char text[4096];
	va_list list;

	ck_assert_ptr_nonnull(file);
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	/* On one line, so that line 2 is the text's first. */
	if (strstr(text, "listen =") == NULL)
		fprintf(file, "listen = {\"127.0.0.1:0\", \"%s\"}\n",
		    operator_address());
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

struct gild *
operator_start(const char *arg, ...)
{
	const char *args[10] = {NULL};
	size_t n = 0;
	va_list list;

	va_start(list, arg);
	for (; arg != NULL; arg = va_arg(list, const char *)) {
		ck_assert_uint_lt(n, COUNT(args) - 1);
		args[n++] = arg;
	}
	va_end(list);
	if (access(operator_file(), F_OK) != 0)
		operator_write("%s", "");
	return gild_start_plain("-c", operator_file(), args[0], args[1],
	    args[2], args[3], args[4], args[5], args[6], args[7], args[8],
	    NULL);
}

struct peer *
operator_connect(void)
{
	return peer_connect_to(operator_address(), 0);
}

int64_t
operator_reload(void)
{
	struct peer *peer = operator_connect();
	json_t *result = peer_call(peer, "server.reload", NULL);
	int64_t generation = int_at(result, "generation");

	json_decref(result);
	peer_close(peer);
	return generation;
}

const char *
operator_reload_error(const char *slug)
{
	static char detail[512];
	struct peer *peer = operator_connect();
	json_t *error = peer_call_error(peer, slug, "server.reload", NULL);

	snprintf(detail, sizeof(detail), "%s", text_at(error, "data.detail"));
	json_decref(error);
	peer_close(peer);
	return detail;
}

int64_t
peer_generation(struct peer *peer)
{
	json_t *info = peer_call(peer, "server.info", NULL);
	int64_t generation = int_at(info, "generation");

	json_decref(info);
	return generation;
}

void
peer_await_generation(struct peer *peer, int64_t number)
{
	int64_t end_ms = now_ms() + deadline_ms(), is;

	while ((is = peer_generation(peer)) != number)
		ck_assert_msg(ms_until(end_ms) > 0,
		    "generation %lld serves, not %lld", (long long)is,
		    (long long)number);
}

void
operator_await_alone(struct gild *gild, size_t n_children)
{
	int64_t end_ms = now_ms() + deadline_ms();
	pid_t pids[256];
	size_t n;

	while ((n = process_children(gild->pid, pids, 256)) != n_children) {
		ck_assert_msg(ms_until(end_ms) > 0,
		    "gild has %zu children, not %zu", n, n_children);
		poll(NULL, 0, 10); /* they are not ours to wait for */
	}
}
