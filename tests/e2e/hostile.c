/*
 * A gild for hostile clients. It runs in the process that Check forks for a
 * test.
 */
#include "tests/e2e/hostile.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct gild *
hostile_start(const char *option)
{
	return gild_start("-o", "frontends=1", "-o", "max_connections=1200",
	    "-o", "max_jobs=2000", "-o", "max_client_bytes=8M", "-o",
	    "max_line=256k", "-o", "max_unsent=256k", "-o", "stall_timeout=2s",
	    option != NULL ? "-o" : NULL, option, NULL);
}

void
hostile_check_served(struct gild *gild)
{
	struct peer *peer = peer_connect(gild);
	json_t *result;

	json_decref(peer_call(peer, "server.ping", NULL));
	result = peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 100, "pool", "threads");
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	peer_close(peer);
}

void
hostile_finish(struct gild *gild, const char *what)
{
	struct peer *peer;
	json_t *info;
	uint64_t bound_kib, peak_kib;
	pid_t pids[8];
	size_t n;

	hostile_check_served(gild);
	peer_close_all();
	gild_await_idle(gild);
	peer = peer_connect(gild);
	info = peer_call(peer, "server.info", NULL);
	bound_kib = (uint64_t)int_at(info, "memory.frontend_bytes") / 1024;
	json_decref(info);
	n = gild_pids(gild, "frontend", NULL, pids, COUNT(pids));
	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		peak_kib = process_peak_kib(pids[i]);
		printf("%-44s peak %7.1f MiB, bound %7.1f MiB\n", what,
		    (double)peak_kib / 1024, (double)bound_kib / 1024);
		/* Sanitizers keep shadows and what was freed. */
		ck_assert_uint_gt(peak_kib, 0);
		if (test_scale() == 1)
			ck_assert_uint_le(peak_kib, bound_kib);
	}
	fflush(stdout);
	gild_stop(gild);
}

void
hostile_expect_reason(struct peer *peer, const char *reason, const char *line)
{
	const char *text = peer_receive_line(peer);
	json_t *answer, *error;

	ck_assert_msg(text != NULL, "gild closed: %.200s", line);
	answer = json_loads(text, JSON_ALLOW_NUL, NULL);
	ck_assert_msg(answer != NULL, "no JSON: %.200s", text);
	error = json_object_get(answer, "error");
	if (reason == NULL)
		ck_assert_msg(error == NULL, "an error: %.200s", line);
	else
		ck_assert_msg(error != NULL &&
			strcmp(text_at(error, "data.reason"), reason) == 0,
		    "not %s: %.200s", reason, line);
	json_decref(answer);
}

void
hostile_reset(struct peer *peer)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	ck_assert_int_eq(setsockopt(peer_fd(peer), SOL_SOCKET, SO_LINGER,
			     &at_once, sizeof(at_once)),
	    0);
	peer_close(peer);
}
