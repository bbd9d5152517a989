/*
 * Hostile ways to send bytes, good ones and noise: in crumbs, cut off anywhere,
 * without an end.
 */
#include <check.h>

#include "tests/e2e/hostile.h"

START_TEST(one_byte_at_a_time)
{
	static const char lines[] = JOB "\r\n\n" PING "\n";
	struct gild *gild = hostile_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *answer;

	for (size_t i = 0; i < sizeof(lines) - 1; i++) {
		peer_send_bytes(peer, lines + i, 1);
		if (i % 16 == 0)
			hostile_check_served(gild);
	}
	answer = peer_await(peer, 7);
	ck_assert_str_eq(text_at(answer, "result.state"), "done");
	json_decref(answer);
	json_decref(answer_result(peer_await(peer, 1)));
	hostile_finish(gild, "one byte at a time");
}
END_TEST

START_TEST(half_closes_at_each_point_of_a_line)
{
	static const char line[] = JOB "\n";
	struct gild *gild = hostile_start(NULL);

	for (size_t i = 0; i < sizeof(line); i++) {
		struct peer *peer = peer_connect(gild);

		peer_send_bytes(peer, line, i);
		peer_half_close(peer);
		/* Whole with its last brace; of nothing comes nothing. */
		if (i > 0)
			hostile_expect_reason(peer,
			    i >= sizeof(line) - 2 ? NULL : "parse_error", line);
		ck_assert_ptr_null(peer_receive_line(peer));
		peer_close(peer);
	}
	hostile_finish(gild, "half-closes at each point");
}
END_TEST

START_TEST(resets_at_each_point_of_a_line)
{
	static const char line[] = JOB "\n";
	struct gild *gild = hostile_start(NULL);

	for (int times = 0; times < 10; times++) {
		for (size_t i = 0; i < sizeof(line); i++) {
			struct peer *peer = peer_connect(gild);

			peer_send_bytes(peer, line, i);
			hostile_reset(peer);
		}
		hostile_check_served(gild);
	}
	hostile_finish(gild, "resets at each point");
}
END_TEST

/* Many that send a byte now and then and never a whole line. */
START_TEST(slow_lorises)
{
	enum { MANY = 200 };
	struct gild *gild = hostile_start("line_timeout=1s");
	static struct peer *peers[MANY];
	static bool has_ended[MANY];
	int64_t end_ms = now_ms() + deadline_ms();
	size_t n_left = MANY;

	for (size_t i = 0; i < MANY; i++)
		peers[i] = peer_connect(gild);
	while (n_left > 0) {
		ck_assert_int_gt(ms_until(end_ms), 0);
		for (size_t i = 0; i < MANY; i++) {
			if (has_ended[i])
				continue;
			if (!peer_has_input(peers[i], 0)) {
				peer_try_send(peers[i], "{", 1, 0);
				continue;
			}
			hostile_expect_reason(
			    peers[i], "connection_timed_out", "slow");
			has_ended[i] = true;
			n_left--;
		}
		hostile_check_served(gild);
	}
	hostile_finish(gild, "200 slow lorises");
}
END_TEST

/* Random bytes, always the same ones; LF comes as often as others. */
START_TEST(noise)
{
	enum { BYTES = 4 << 20 };
	struct gild *gild = hostile_start(NULL);
	struct peer *peer = peer_connect(gild);
	static char bytes[65536];
	uint64_t state = 88172645463325252u;
	size_t n_answers = 0;
	bool is_over = false;

	for (size_t sent = 0; sent < BYTES; sent += sizeof(bytes)) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[i] = (char)state;
		}
		peer_send_bytes(peer, bytes, sizeof(bytes));
		while (peer_has_input(peer, 0)) {
			json_t *answer = peer_receive(peer);

			ck_assert(json_is_null(value_at(answer, "id")));
			json_decref(answer);
			n_answers++;
		}
	}
	peer_send_line(peer,
	    "\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}");
	while (!is_over) {
		json_t *answer = peer_receive(peer);

		is_over = !json_is_null(value_at(answer, "id"));
		n_answers += !is_over;
		json_decref(answer);
	}
	ck_assert_uint_gt(n_answers, BYTES / 1024);
	hostile_finish(gild, "4 MiB of noise");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    one_byte_at_a_time,
	    half_closes_at_each_point_of_a_line,
	    resets_at_each_point_of_a_line,
	    slow_lorises,
	    noise,
	};

	return run_suite("hostile_bytes", tests, COUNT(tests));
}
