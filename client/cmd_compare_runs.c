/*
 * gilctl compare-runs: two files of gilctl --json load side by side. It needs
 * no server.
 */
#include "client/command.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "client/load_contrast.h"
#include "client/load_contrast_print.h"
#include "client/load_json.h"
#include "client/show.h"
#include "client/talk.h"

struct settings {
	bool is_forced;
	bool must_not_be_worse;
};

/* What is compared, and what comes of it. */
struct study {
	const struct context *context;
	struct load_run runs[2];
	struct load_contrast contrast;
};

static enum outcome
read_run(struct study *study, size_t i, const char *path)
{
	struct rpc_error error;

	if (load_run_read(path, &study->runs[i], &error) == 0)
		return OUTCOME_FINE;
	command_complain(study->context->command, "%.200s: %s",
	    strcmp(path, "-") == 0 ? "standard input" : path, error.detail);
	return OUTCOME_USAGE;
}

/* Names what the two runs were asked for, where that is not the same. */
static enum outcome
check_differences(const struct study *study, const char *a, const char *b)
{
	struct contrast_sentences differences;

	load_contrast_differ(
	    &study->runs[0].report, &study->runs[1].report, &differences);
	for (size_t i = 0; i < differences.n; i++)
		command_complain(study->context->command,
		    "%.80s and %.80s were asked for different things: %s", a, b,
		    differences.text[i]);
	if (differences.n == 0)
		return OUTCOME_FINE;
	command_complain(
	    study->context->command, "--force compares them all the same");
	return OUTCOME_USAGE;
}

static enum outcome
show(const struct study *study, char **paths)
{
	json_t *json;
	enum outcome outcome;

	if (study->context->format != FORMAT_JSON)
		return load_contrast_print(
		    study->context, &study->contrast, paths[0], paths[1]);
	json = load_contrast_to_json(&study->contrast);
	outcome = show_json(study->context, json);
	json_decref(json);
	return outcome;
}

static enum outcome
compare(struct study *study, const struct settings *settings, char **paths)
{
	enum outcome outcome = read_run(study, 0, paths[0]);

	if (outcome == OUTCOME_FINE)
		outcome = read_run(study, 1, paths[1]);
	if (outcome == OUTCOME_FINE && !settings->is_forced)
		outcome = check_differences(study, paths[0], paths[1]);
	if (outcome != OUTCOME_FINE)
		return outcome;
	load_contrast_make(
	    &study->runs[0].report, &study->runs[1].report, &study->contrast);
	outcome = show(study, paths);
	if (outcome == OUTCOME_FINE && settings->must_not_be_worse &&
	    load_contrast_is_worse(&study->contrast))
		return OUTCOME_UNEXPECTED;
	return outcome;
}

static enum outcome
run_compare_runs(
    const struct context *context, const void *settings, char **operands)
{
	struct study *study = calloc(1, sizeof(*study));
	enum outcome outcome;

	if (study == NULL)
		return talk_no_memory(context);
	study->context = context;
	outcome = compare(study, settings, operands);
	load_run_free(&study->runs[0]);
	load_run_free(&study->runs[1]);
	free(study);
	return outcome;
}

static const struct settings defaults = {.is_forced = false};

static const struct option_row options[] = {
    {"force", 'f', NULL, OPTION_FLAG, offsetof(struct settings, is_forced), 0,
	0, "compare runs of different settings too"},
    {"no-worse", 0, NULL, OPTION_FLAG,
	offsetof(struct settings, must_not_be_worse), 0, 0,
	"exit status 5 where B is worse in anything"},
    {0},
};

const struct command command_compare_runs = {
    .name = "compare-runs",
    .operands = "A.json B.json",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "Compare two load runs, as gilctl --json load wrote them",
    .notes = "Percentiles, throughput and failures of two runs side by side, "
	     "with 95 %\nintervals, and what of it is more than chance. Runs "
	     "that were asked for\ndifferent things are refused. It needs no "
	     "server.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_compare_runs,
};
