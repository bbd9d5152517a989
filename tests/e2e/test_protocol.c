/*
 * PROTOCOL.md is true: each of its examples is a conversation with a gild of
 * its own, and one test. The document is read once, before Check forks.
 * Whether it is complete is for test_specification.c to say.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/example.h"
#include "tests/e2e/harness.h"

#define DOCUMENT EXAMPLES_DOCUMENT

static struct examples examples;

static void
send_step(struct peer *peer, const struct step *step, const json_t *names)
{
	size_t len;
	char *bytes = example_expand(step->text, names, &len);

	ck_assert_msg(
	    bytes != NULL, DOCUMENT ":%zu: an unknown name in <>", step->line);
	peer_send_bytes(peer, bytes, len);
	free(bytes);
	if (step->kind == STEP_SEND)
		peer_send_bytes(peer, "\n", 1);
	else
		peer_half_close(peer);
}

/* What gild says next: a new reference. */
static json_t *
receive(struct peer *peer, const struct step *step)
{
	const char *line;
	json_t *json;

	ck_assert_msg(peer_has_input(peer, deadline_ms()),
	    DOCUMENT ":%zu: gild says nothing", step->line);
	line = peer_receive_line(peer);
	ck_assert_msg(line != NULL, DOCUMENT ":%zu: gild closed", step->line);
	json = json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	ck_assert_msg(
	    json != NULL, DOCUMENT ":%zu: not JSON: %s", step->line, line);
	return json;
}

/* A report of progress: how many come depends on time. */
static bool
is_progress(const json_t *json)
{
	const char *method = json_string_value(json_object_get(json, "method"));

	return method != NULL && strcmp(method, "job.progress") == 0;
}

/*
 * n lines are expected, in any order: the next of gild's is one of those that
 * have not come yet, and takes its place at the front.
 */
static void
expect_one_of(
    struct peer *peer, struct step **expected, size_t n, json_t *names)
{
	char error[EXAMPLE_ERROR_CHARS + 1];
	bool is_passed_over;

	do {
		json_t *json = receive(peer, expected[0]);

		for (size_t i = n; i-- > 0;) {
			struct step *step = expected[i];

			if (!example_matches(step->expect, json, names, error))
				continue;
			expected[i] = expected[0];
			expected[0] = step;
			json_decref(json);
			return;
		}
		is_passed_over = is_progress(json);
		json_decref(json);
	} while (is_passed_over);
	ck_abort_msg(DOCUMENT ":%zu: %s", expected[0]->line, error);
}

/* Plays the expected lines that begin at steps: returns how many there are. */
static size_t
play_expected(
    struct peer *peer, struct step *steps, size_t n_steps, json_t *names)
{
	struct step **expected = calloc(n_steps, sizeof(struct step *));
	size_t n = 0;

	ck_assert_ptr_nonnull(expected);
	while (n < n_steps && steps[n].kind == STEP_EXPECT) {
		expected[n] = &steps[n];
		n++;
	}
	for (size_t i = 0; i < n; i++)
		expect_one_of(peer, expected + i, n - i, names);
	free(expected);
	return n;
}

/* What an example says of its gild: words first, and then options. */
struct staging {
	bool is_unix;
	char address[160], state_dir[160];
	const char *args[2 * EXAMPLE_MAX_OPTIONS];
};

static struct gild *
start_gild(char *const *words, struct staging *staging)
{
	const char **args = staging->args;
	size_t n = 0;

	for (; *words != NULL && **words != '-'; words++) {
		if (strcmp(*words, "unix") == 0) {
			snprintf(staging->address, sizeof(staging->address),
			    "unix:%s/gild.sock", scratch_dir());
			staging->is_unix = true;
			args[n++] = "-l";
			args[n++] = staging->address;
		} else {
			ck_assert_str_eq(*words, "store");
			snprintf(staging->state_dir, sizeof(staging->state_dir),
			    "state_dir=%s/state", scratch_dir());
			args[n++] = "-o";
			args[n++] = staging->state_dir;
		}
	}
	for (; *words != NULL; words++)
		args[n++] = *words;
	ck_assert_uint_le(n, 10);
	return gild_start(args[0], args[1], args[2], args[3], args[4], args[5],
	    args[6], args[7], args[8], args[9], NULL);
}

START_TEST(an_example_is_true)
{
	const struct example *example = &examples.list[_i];
	struct staging staging = {.is_unix = false};
	json_t *names = json_object();
	bool is_closed = false;
	struct gild *gild;
	struct peer *peer;

	gild = start_gild(example->options, &staging);
	peer = staging.is_unix ? peer_connect_to(staging.address, 0)
			       : peer_connect(gild);

	for (size_t i = 0; i < example->n_steps;) {
		struct step *step = &example->steps[i];

		if (step->kind == STEP_EXPECT) {
			i += play_expected(
			    peer, step, example->n_steps - i, names);
			continue;
		}
		send_step(peer, step, names);
		is_closed |= step->kind == STEP_SEND_LAST;
		i++;
	}
	if (!is_closed)
		peer_half_close(peer);
	peer_expect_eof(peer);
	peer_close(peer);
	json_decref(names);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	char error[EXAMPLE_ERROR_CHARS + 1];
	char *document = examples_load();
	int exit_status;

	if (examples_read(document, &examples, error) != 0 || examples.n == 0) {
		fprintf(stderr, DOCUMENT ": %s\n",
		    examples.n == 0 ? "no examples" : error);
		return EXIT_FAILURE;
	}
	exit_status =
	    run_loop_suite("protocol", an_example_is_true, examples.n);
	examples_free(&examples);
	free(document);
	return exit_status;
}
