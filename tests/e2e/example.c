/*
 * Owns: the syntax of PROTOCOL.md's examples. Reading goes line by line over
 * the document; comparing goes down both JSON values together and stops at the
 * first difference, whose path it tells. Runs in a test's process.
 *
 * Memory that runs out ends the test with a broken invariant: nothing here is
 * for a daemon.
 */
#include "tests/e2e/example.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jobid.h"

#define FENCE "```"
#define INFO FENCE "gild-example"
#define INDENT "    "
#define MORE "..."
#define PATH_CHARS 255
#define MAX_REPEATS 100000

/* Grows what calloc() or this gave by one element of zeros. */
static void *
grow(void *list, size_t *n, size_t size)
{
	char *grown = reallocarray(list, *n + 1, size);

	if (grown == NULL)
		abort();
	memset(grown + *n * size, 0, size);
	++*n;
	return grown;
}

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static int __attribute__((format(printf, 3, 4))) refuse(
    char error[EXAMPLE_ERROR_CHARS + 1], size_t line, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	snprintf(error, EXAMPLE_ERROR_CHARS + 1, "line %zu: %s", line, why);
	return -1;
}

static int
begin_example(struct examples *examples, const char *options, size_t line,
    char error[EXAMPLE_ERROR_CHARS + 1])
{
	struct example *example;
	size_t n = 0;

	examples->list =
	    grow(examples->list, &examples->n, sizeof(*examples->list));
	example = &examples->list[examples->n - 1];
	example->line = line;
	while (*options != '\0') {
		size_t len;

		options += strspn(options, " ");
		len = strcspn(options, " ");
		if (len == 0)
			break;
		if (n == EXAMPLE_MAX_OPTIONS)
			return refuse(error, line, "too many options");
		example->options[n++] = strndup(options, len);
		options += len;
	}
	return 0;
}

static void
begin_step(
    struct example *example, enum step_kind kind, size_t line, const char *text)
{
	struct step *step;

	example->steps =
	    grow(example->steps, &example->n_steps, sizeof(*example->steps));
	step = &example->steps[example->n_steps - 1];
	step->kind = kind;
	step->line = line;
	step->text = strdup(text);
}

static int
add_line(struct example *example, const char *text, size_t line,
    char error[EXAMPLE_ERROR_CHARS + 1])
{
	struct step *step;
	size_t len;

	if (strcmp(text, "-->") == 0) {
		begin_step(example, STEP_SEND, line, "");
	} else if (starts_with(text, "--> ")) {
		begin_step(example, STEP_SEND, line, text + 4);
	} else if (starts_with(text, "-->| ")) {
		begin_step(example, STEP_SEND_LAST, line, text + 5);
	} else if (starts_with(text, "<-- ")) {
		begin_step(example, STEP_EXPECT, line, text + 4);
	} else if (starts_with(text, INDENT) && example->n_steps > 0) {
		step = &example->steps[example->n_steps - 1];
		text += strspn(text, " ");
		len = strlen(step->text) + strlen(text) + 1;
		step->text = realloc(step->text, len);
		if (step->text == NULL)
			abort();
		strcat(step->text, text);
	} else {
		return refuse(error, line,
		    "an example's line begins with \"--> \", \"-->| \", "
		    "\"<-- \" or four spaces");
	}
	return 0;
}

static int
end_example(struct example *example, char error[EXAMPLE_ERROR_CHARS + 1])
{
	bool is_closed = false;

	if (example->n_steps == 0)
		return refuse(error, example->line, "an example without lines");
	for (size_t i = 0; i < example->n_steps; i++) {
		struct step *step = &example->steps[i];
		json_error_t at;

		if (step->kind != STEP_EXPECT) {
			if (is_closed)
				return refuse(error, step->line,
				    "sent after the last line");
			is_closed = step->kind == STEP_SEND_LAST;
			continue;
		}
		step->expect =
		    json_loads(step->text, JSON_REJECT_DUPLICATES, &at);
		if (step->expect == NULL)
			return refuse(error, step->line, "%s", at.text);
	}
	return 0;
}

char *
examples_load(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/" EXAMPLES_DOCUMENT,
	    srcdir != NULL ? srcdir : ".");
	file = fopen(path, "r");
	if (file == NULL || getdelim(&text, &size, '\0', file) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	return text;
}

int
examples_read(const char *document, struct examples *examples,
    char error[EXAMPLE_ERROR_CHARS + 1])
{
	struct example *example = NULL;
	size_t line = 0;
	int rc = 0;

	*examples = (struct examples){0};
	while (rc == 0 && *document != '\0') {
		size_t len = strcspn(document, "\n");
		char *text = strndup(document, len);

		if (text == NULL)
			abort();
		document += len + (document[len] == '\n');
		line++;
		if (example == NULL && starts_with(text, INFO)) {
			rc = begin_example(
			    examples, text + strlen(INFO), line, error);
			example = &examples->list[examples->n - 1];
		} else if (example != NULL && strcmp(text, FENCE) == 0) {
			rc = end_example(example, error);
			example = NULL;
		} else if (example != NULL) {
			rc = add_line(example, text, line, error);
		}
		free(text);
	}
	if (rc == 0 && example != NULL)
		rc = refuse(error, example->line, "an example without an end");
	return rc;
}

void
examples_free(struct examples *examples)
{
	if (examples == NULL)
		return;
	for (size_t i = 0; i < examples->n; i++) {
		struct example *example = &examples->list[i];

		for (size_t j = 0; j < EXAMPLE_MAX_OPTIONS; j++)
			free(example->options[j]);
		for (size_t j = 0; j < example->n_steps; j++) {
			free(example->steps[j].text);
			json_decref(example->steps[j].expect);
		}
		free(example->steps);
	}
	free(examples->list);
	*examples = (struct examples){0};
}

/* What the placeholder between '<' and '>' stands for; false: not known. */
static bool
write_placeholder(FILE *out, const char *name, const json_t *names)
{
	const char *known = json_string_value(json_object_get(names, name));
	unsigned repeats;
	int text_at = 0;

	if (strcmp(name, "CR") == 0) {
		fputc('\r', out);
	} else if (strcmp(name, "NUL") == 0) {
		fputc('\0', out);
	} else if (sscanf(name, "%u %n", &repeats, &text_at) == 1 &&
	    text_at > 0 && name[text_at] != '\0' && repeats <= MAX_REPEATS) {
		while (repeats-- > 0)
			fputs(name + text_at, out);
	} else if (known != NULL) {
		fputs(known, out);
	} else {
		return false;
	}
	return true;
}

char *
example_expand(const char *text, const json_t *names, size_t *len)
{
	char *bytes = NULL, name[64];
	FILE *out = open_memstream(&bytes, len);
	bool is_known = true;

	if (out == NULL)
		abort();
	while (is_known && *text != '\0') {
		size_t name_len = strcspn(text, ">") - 1;

		if (*text != '<' || text[name_len + 1] == '\0' ||
		    name_len >= sizeof(name)) {
			fputc(*text++, out);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)name_len, text + 1);
		is_known = write_placeholder(out, name, names);
		text += name_len + 2;
	}
	fclose(out);
	if (!is_known) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

/* Where a comparison is, and what it has found. */
struct comparison {
	char path[PATH_CHARS + 1];
	json_t *names;
	char *error;
};

static bool compare(struct comparison *comparison, const json_t *expected,
    const json_t *actual);

static bool
differ(
    struct comparison *comparison, const char *expected, const json_t *actual)
{
	char *text = actual != NULL
	    ? json_dumps(actual, JSON_COMPACT | JSON_ENCODE_ANY)
	    : NULL;

	snprintf(comparison->error, EXAMPLE_ERROR_CHARS + 1,
	    "%s: expected %.160s, got %.160s",
	    comparison->path[0] != '\0' ? comparison->path : "the whole",
	    expected, text != NULL ? text : "nothing");
	free(text);
	return false;
}

static bool
compare_at(struct comparison *comparison, const char *name,
    const json_t *expected, const json_t *actual)
{
	size_t len = strlen(comparison->path);
	bool is_same;

	snprintf(comparison->path + len, sizeof(comparison->path) - len, "%s%s",
	    len > 0 ? "." : "", name);
	is_same = compare(comparison, expected, actual);
	comparison->path[len] = '\0';
	return is_same;
}

static bool
is_more(const json_t *value)
{
	return json_is_string(value) &&
	    strcmp(json_string_value(value), MORE) == 0;
}

static bool
compare_objects(
    struct comparison *comparison, const json_t *expected, const json_t *actual)
{
	bool may_have_more = json_object_get(expected, MORE) != NULL;
	const char *name;
	json_t *member;

	if (!json_is_object(actual))
		return differ(comparison, "an object", actual);
	json_object_foreach ((json_t *)expected, name, member)
		if (strcmp(name, MORE) != 0 &&
		    !compare_at(comparison, name, member,
			json_object_get(actual, name)))
			return false;
	json_object_foreach ((json_t *)actual, name, member)
		if (!may_have_more && json_object_get(expected, name) == NULL)
			return differ(comparison, "no member of another name",
			    json_object_get(actual, name));
	return true;
}

static bool
compare_arrays(
    struct comparison *comparison, const json_t *expected, const json_t *actual)
{
	size_t n = json_array_size(expected);
	bool may_have_more = n > 0 && is_more(json_array_get(expected, n - 1));
	char place[32];

	if (!json_is_array(actual))
		return differ(comparison, "an array", actual);
	if (may_have_more)
		n--;
	if (json_array_size(actual) < n ||
	    (json_array_size(actual) > n && !may_have_more)) {
		snprintf(place, sizeof(place), "an array of %zu", n);
		return differ(comparison, place, actual);
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(place, sizeof(place), "%zu", i);
		if (!compare_at(comparison, place, json_array_get(expected, i),
			json_array_get(actual, i)))
			return false;
	}
	return true;
}

static bool
is_ulid(const json_t *actual)
{
	struct job_id id;

	return json_is_string(actual) &&
	    job_id_parse(json_string_value(actual), &id) == 0;
}

/* "<ulid:NAME>" and "<NAME>" */
static bool
compare_name(
    struct comparison *comparison, const char *wanted, const json_t *actual)
{
	char name[64] = "";
	const json_t *known;

	if (sscanf(wanted, "<ulid:%63[^>]>", name) == 1)
		return is_ulid(actual) &&
		    json_object_set(
			comparison->names, name, (json_t *)actual) == 0;
	if (sscanf(wanted, "<%63[^>]>", name) != 1)
		return false;
	known = json_object_get(comparison->names, name);
	return known != NULL && json_equal(known, actual);
}

static bool
compare_placeholder(
    struct comparison *comparison, const char *wanted, const json_t *actual)
{
	bool is_right;

	if (strcmp(wanted, "<any>") == 0)
		is_right = actual != NULL;
	else if (strcmp(wanted, "<integer>") == 0)
		is_right =
		    json_is_integer(actual) && json_integer_value(actual) >= 0;
	else if (strcmp(wanted, "<string>") == 0)
		is_right = json_is_string(actual);
	else if (strcmp(wanted, "<boolean>") == 0)
		is_right = json_is_boolean(actual);
	else if (strcmp(wanted, "<object>") == 0)
		is_right = json_is_object(actual);
	else if (strcmp(wanted, "<array>") == 0)
		is_right = json_is_array(actual);
	else if (strcmp(wanted, "<ulid>") == 0)
		is_right = is_ulid(actual);
	else
		is_right = compare_name(comparison, wanted, actual);
	return is_right || differ(comparison, wanted, actual);
}

static bool
compare(
    struct comparison *comparison, const json_t *expected, const json_t *actual)
{
	const char *text = json_string_value(expected);
	char *wanted;
	bool is_same;

	if (text != NULL && text[0] == '<' && text[strlen(text) - 1] == '>')
		return compare_placeholder(comparison, text, actual);
	if (json_is_object(expected))
		return compare_objects(comparison, expected, actual);
	if (json_is_array(expected))
		return compare_arrays(comparison, expected, actual);
	is_same = actual != NULL && json_equal(expected, actual);
	if (!is_same) {
		wanted = json_dumps(expected, JSON_COMPACT | JSON_ENCODE_ANY);
		differ(comparison, wanted, actual);
		free(wanted);
	}
	return is_same;
}

/* Takes the answers of a batch in any order. */
static bool
compare_batches(
    struct comparison *comparison, const json_t *expected, const json_t *actual)
{
	json_t *left = json_copy((json_t *)actual);
	bool is_same = true;

	if (json_array_size(expected) != json_array_size(actual))
		is_same = compare_arrays(comparison, expected, actual);
	for (size_t i = 0; is_same && i < json_array_size(expected); i++) {
		is_same = false;
		for (size_t j = 0; !is_same && j < json_array_size(left); j++)
			if (compare(comparison, json_array_get(expected, i),
				json_array_get(left, j))) {
				json_array_remove(left, j);
				is_same = true;
			}
	}
	json_decref(left);
	return is_same;
}

bool
example_matches(const json_t *expected, const json_t *actual, json_t *names,
    char error[EXAMPLE_ERROR_CHARS + 1])
{
	struct comparison comparison = {
	    .names = json_copy(names), .error = error};
	bool is_same;

	if (comparison.names == NULL)
		abort();
	if (json_is_array(expected) && json_is_array(actual))
		is_same = compare_batches(&comparison, expected, actual);
	else
		is_same = compare(&comparison, expected, actual);
	if (is_same)
		json_object_update(names, comparison.names);
	json_decref(comparison.names);
	return is_same;
}
