/*
 * check_trace [--fair] [--may-lose] [FILE...]
 *
 * Proves a lock's promises from what the server said: each line of the files
 * (standard input without any) is a page of lock.events, in the order in which
 * they were read, or a job's result, or the whole JSON-RPC answer with one of
 * them. Prints each breach and a summary; exits with 1 when there was one,
 * and with 2 when a line could not be read.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/trace/page.h"

/* Results wait until all events have been seen. */
struct input {
	struct check *check;
	json_t *results; /* an array */
};

static bool
take_line(struct input *input, const char *line)
{
	struct rpc_error error;
	json_error_t trouble;
	json_t *root = json_loads(line, 0, &trouble);
	json_t *said = json_object_get(root, "result");
	bool is_fine = root != NULL;

	if (root == NULL)
		fprintf(stderr, "%s\n", trouble.text);
	if (said == NULL)
		said = root;
	if (json_is_array(json_object_get(said, "events"))) {
		if (page_check(input->check, said, &error) == -1) {
			fprintf(stderr, "%s\n", error.detail);
			is_fine = false;
		}
	} else if (is_fine) {
		is_fine = json_array_append(input->results, said) == 0;
	}
	json_decref(root);
	return is_fine;
}

static bool
take_stream(struct input *input, const char *name, FILE *stream)
{
	char *line = NULL;
	size_t size = 0, number = 0;
	bool is_fine = true;

	while (is_fine && getline(&line, &size, stream) != -1) {
		number++;
		if (strspn(line, " \t\r\n") == strlen(line))
			continue;
		is_fine = take_line(input, line);
	}
	if (!is_fine)
		fprintf(stderr, "%s:%zu: cannot be read\n", name, number);
	free(line);
	return is_fine && !ferror(stream);
}

static bool
take_results(struct input *input)
{
	const json_t *result;
	struct rpc_error error;
	size_t i;

	json_array_foreach (input->results, i, result) {
		if (page_check_result(input->check, result, &error) == 0)
			continue;
		fprintf(stderr, "a result cannot be read: %s\n", error.detail);
		return false;
	}
	return true;
}

static int
report(const struct check *check)
{
	struct check_figures figures = check_figures(check);

	for (size_t i = 0; check_breach(check, i) != NULL; i++)
		printf("%s\n", check_breach(check, i));
	printf("%" PRIu64 " events, %" PRIu64 " lost; %" PRIu64
	       " whole tasks, %" PRIu64 " of them compared with results; "
	       "%" PRIu64 " breaches\n",
	    figures.events, figures.lost, figures.tasks, figures.compared,
	    figures.breaches);
	return figures.breaches > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct check_rules rules = {0};
	struct input input;
	bool is_fine = true;
	int i = 1, status;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--fair") == 0) {
			rules.is_fair = true;
		} else if (strcmp(argv[i], "--may-lose") == 0) {
			rules.may_lose = true;
		} else {
			fprintf(stderr,
			    "usage: check_trace [--fair] [--may-lose] "
			    "[FILE...]\n");
			return 2;
		}
	}
	input.check = check_new(&rules);
	input.results = json_array();
	if (i == argc)
		is_fine = take_stream(&input, "standard input", stdin);
	for (; i < argc && is_fine; i++) {
		FILE *stream = fopen(argv[i], "re");

		if (stream == NULL) {
			perror(argv[i]);
			is_fine = false;
			break;
		}
		is_fine = take_stream(&input, argv[i], stream);
		fclose(stream);
	}
	is_fine = is_fine && take_results(&input);
	status = is_fine ? report(input.check) : 2;
	json_decref(input.results);
	check_free(input.check);
	return status;
}
