/*
 * PROTOCOL.md is true: each of its examples is played against a gild of its
 * own, and each method and error that the code knows is in it.
 *
 * The document is read once, before Check forks; an example is one test.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rpcerror.h"
#include "tests/e2e/example.h"
#include "tests/e2e/harness.h"

#define DOCUMENT "proto/PROTOCOL.md"

static char *document;
static struct examples examples;
static char document_error[EXAMPLE_ERROR_CHARS + 1];

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

/*
 * n lines are expected, in any order: the next of gild's is one of those that
 * have not come yet, and takes its place at the front.
 */
static void
expect_one_of(
    struct peer *peer, struct step **expected, size_t n, json_t *names)
{
	json_t *json = receive(peer, expected[0]);
	char error[EXAMPLE_ERROR_CHARS + 1];
	struct step *found;

	for (size_t i = n; i-- > 0;) {
		if (!example_matches(expected[i]->expect, json, names, error))
			continue;
		found = expected[i];
		expected[i] = expected[0];
		expected[0] = found;
		json_decref(json);
		return;
	}
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

START_TEST(an_example_is_true)
{
	const struct example *example = &examples.list[_i];
	char *const *options = example->options;
	struct gild *gild = gild_start(options[0], options[1], options[2],
	    options[3], options[4], options[5], options[6], options[7], NULL);
	struct peer *peer = peer_connect(gild);
	json_t *names = json_object();
	bool is_closed = false;

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

START_TEST(the_document_can_be_read)
{
	ck_assert_msg(
	    document_error[0] == '\0', DOCUMENT ": %s", document_error);
	ck_assert_uint_gt(examples.n, 0);
}
END_TEST

/* Whether a line that is sent or expected holds this text. */
static bool
is_in_an_example(enum step_kind kind, const char *text)
{
	for (size_t i = 0; i < examples.n; i++) {
		const struct example *example = &examples.list[i];

		for (size_t j = 0; j < example->n_steps; j++)
			if (example->steps[j].kind == kind &&
			    strstr(example->steps[j].text, text) != NULL)
				return true;
	}
	return false;
}

START_TEST(every_error_has_its_row)
{
	char row[128];

	for (int i = RPC_OK + 1; i < RPC_ERROR_COUNT; i++) {
		enum rpc_error_kind kind = (enum rpc_error_kind)i;
		const char *found, *rest;

		snprintf(row, sizeof(row), "\n| %d | `%s`",
		    rpc_error_code(kind), rpc_error_slug(kind));
		found = strstr(document, row);
		ck_assert_msg(found != NULL, "no row \"| %d | `%s` ...\"",
		    rpc_error_code(kind), rpc_error_slug(kind));
		rest = found + strlen(row);
		rest += strspn(rest, " ");
		snprintf(row, sizeof(row), "| %s ", rpc_error_message(kind));
		ck_assert_msg(strncmp(rest, row, strlen(row)) == 0,
		    "`%s` does not mean \"%s\"", rpc_error_slug(kind),
		    rpc_error_message(kind));
	}
}
END_TEST

START_TEST(every_error_has_an_example)
{
	char reason[64];

	for (int i = RPC_OK + 1; i < RPC_ERROR_COUNT; i++) {
		/* These take more than a conversation. */
		if (i == RPC_INTERNAL || i == RPC_SHUTTING_DOWN)
			continue;
		snprintf(reason, sizeof(reason), "\"reason\":\"%s\"",
		    rpc_error_slug((enum rpc_error_kind)i));
		ck_assert_msg(is_in_an_example(STEP_EXPECT, reason),
		    "no example expects %s", reason);
	}
}
END_TEST

/* The document, up to its end; exits where it cannot be read. */
static char *
read_document(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	size_t len = 0;
	char *text = NULL;
	FILE *file;

	snprintf(
	    path, sizeof(path), "%s/" DOCUMENT, srcdir != NULL ? srcdir : ".");
	file = fopen(path, "r");
	if (file == NULL || getdelim(&text, &len, '\0', file) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	return text;
}

int
main(void)
{
	Suite *suite = suite_create("protocol");
	TCase *text = tcase_create("text"), *played = tcase_create("examples");
	SRunner *runner;
	int failed;

	document = read_document();
	if (examples_read(document, &examples, document_error) != 0)
		examples_free(&examples);
	tcase_add_test(text, the_document_can_be_read);
	tcase_add_test(text, every_error_has_its_row);
	tcase_add_test(text, every_error_has_an_example);
	suite_add_tcase(suite, text);
	tcase_set_timeout(played, deadline_ms() / 1000 * 4);
	tcase_add_loop_test(played, an_example_is_true, 0, (int)examples.n);
	suite_add_tcase(suite, played);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	examples_free(&examples);
	free(document);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
