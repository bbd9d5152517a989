/*
 * PROTOCOL.md is complete: every method and every error that the code knows
 * has its place and an example in it, and its tables say what the headers say.
 * So is gild-protocol(7), in short. Neither has a method or an error that there
 * is not. That the examples are true is for test_protocol.c to show.
 */
#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/lock_events.h"
#include "daemon/methods.h"
#include "daemon/settings.h"
#include "proto/lockevent.h"
#include "proto/result.h"
#include "proto/rpcerror.h"
#include "tests/e2e/example.h"
#include "tests/unit/suite.h"

#define MANUAL "proto/gild-protocol.7"

static char *document; /* squeezed */
static char *manual;
static struct examples examples;
static char error[EXAMPLE_ERROR_CHARS + 1];

/* One space for several: tables are padded for the eye. */
static void
squeeze(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
		if (text[0] != ' ' || text[1] != ' ')
			*to++ = *text;
	*to = '\0';
}

/* A whole source, to be freed. */
static char *
read_source(const char *path)
{
	const char *srcdir = getenv("srcdir");
	char name[1000], *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(
	    name, sizeof(name), "%s/%s", srcdir == NULL ? "." : srcdir, path);
	file = fopen(name, "r");
	ck_assert_msg(file != NULL, "%s cannot be opened", name);
	ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
	fclose(file);
	return text;
}

static void
setup(void)
{
	manual = read_source(MANUAL);
	document = examples_load();
	ck_assert_msg(examples_read(document, &examples, error) == 0,
	    EXAMPLES_DOCUMENT ": %s", error);
	squeeze(document);
}

static void
teardown(void)
{
	examples_free(&examples);
	free(document);
	free(manual);
}

static bool
is_method(const char *name)
{
	const char *known;

	for (size_t i = 0; (known = methods_name(i)) != NULL; i++)
		if (strcmp(known, name) == 0)
			return true;
	return false;
}

/* The error of this code, which must have this slug as well. */
static bool
is_error(int code, const char *slug)
{
	enum rpc_error_kind kind = rpc_error_from_code(code);

	return kind != RPC_OK && strcmp(rpc_error_slug(kind), slug) == 0;
}

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

/* The document from a heading to the next one of any level: to be freed. */
static char *
section(const char *heading)
{
	char text[128];
	const char *begin, *end;

	snprintf(text, sizeof(text), "\n%s\n", heading);
	begin = strstr(document, text);
	ck_assert_msg(begin != NULL, "no section \"%s\"", heading);
	begin += strlen(text);
	end = strstr(begin, "\n#");
	return end != NULL ? strndup(begin, (size_t)(end - begin))
			   : strdup(begin);
}

START_TEST(every_method_has_its_section_and_an_example)
{
	const char *name;
	char text[128];

	ck_assert_ptr_nonnull(methods_name(0));
	for (size_t i = 0; (name = methods_name(i)) != NULL; i++) {
		snprintf(text, sizeof(text), "### %s", name);
		free(section(text));
		snprintf(text, sizeof(text), "\"method\":\"%s\"", name);
		ck_assert_msg(is_in_an_example(STEP_SEND, text),
		    "no example sends %s", text);
	}
}
END_TEST

START_TEST(every_error_has_its_row)
{
	char row[128];

	for (int i = RPC_OK + 1; i < RPC_ERROR_COUNT; i++) {
		enum rpc_error_kind kind = (enum rpc_error_kind)i;
		const char *found;

		snprintf(row, sizeof(row), "\n| %d | `%s` | %s | ",
		    rpc_error_code(kind), rpc_error_slug(kind),
		    rpc_error_message(kind));
		found = strstr(document, row);
		ck_assert_msg(found != NULL, "no row \"%s\"", row + 1);
	}
}
END_TEST

START_TEST(every_error_has_an_example)
{
	char reason[64];

	for (int i = RPC_OK + 1; i < RPC_ERROR_COUNT; i++) {
		/* These take more than a conversation. */
		if (i == RPC_INTERNAL || i == RPC_SHUTTING_DOWN ||
		    i == RPC_RELOAD_FAILED)
			continue;
		snprintf(reason, sizeof(reason), "\"reason\":\"%s\"",
		    rpc_error_slug((enum rpc_error_kind)i));
		ck_assert_msg(is_in_an_example(STEP_EXPECT, reason),
		    "no example expects %s", reason);
	}
}
END_TEST

/* "### job.submit" and so on, between "## Methods" and "## Notifications". */
START_TEST(there_is_no_section_of_another_method)
{
	const char *at = strstr(document, "\n## Methods\n");
	const char *end = strstr(document, "\n## Notifications\n");
	size_t n = 0;
	char name[64];

	ck_assert(at != NULL && end != NULL);
	while ((at = strstr(at + 1, "\n### ")) != NULL && at < end) {
		ck_assert_int_eq(sscanf(at, "\n### %63s", name), 1);
		ck_assert_msg(is_method(name),
		    EXAMPLES_DOCUMENT " tells of %s, which is no method", name);
		n++;
	}
	ck_assert_uint_gt(n, 0);
}
END_TEST

START_TEST(there_is_no_row_of_another_error)
{
	char *text = section("## Errors"), slug[64];
	int code;
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, "\n| -")) != NULL; at++) {
		ck_assert_int_eq(
		    sscanf(at, "\n| %d | `%63[a-z_]`", &code, slug), 2);
		ck_assert_msg(is_error(code, slug),
		    EXAMPLES_DOCUMENT " tells of %d %s, which is no error",
		    code, slug);
		n++;
	}
	ck_assert_uint_eq(n, RPC_ERROR_COUNT - 1);
	free(text);
}
END_TEST

/* --- gild-protocol(7) --- */

/* The manual from one .Sh to the next: to be freed. */
static char *
manual_section(const char *heading)
{
	char text[64];
	const char *begin, *end;

	snprintf(text, sizeof(text), "\n.Sh %s\n", heading);
	begin = strstr(manual, text);
	ck_assert_msg(begin != NULL, MANUAL " has no section \"%s\"", heading);
	begin += strlen(text) - 1;
	end = strstr(begin, "\n.Sh ");
	return end != NULL ? strndup(begin, (size_t)(end - begin))
			   : strdup(begin);
}

START_TEST(the_manual_has_every_method_and_no_other)
{
	char *text = manual_section("METHODS"), item[80];
	const char *name;

	for (size_t i = 0; (name = methods_name(i)) != NULL; i++) {
		snprintf(item, sizeof(item), "\n.It Ic %s\n", name);
		ck_assert_msg(strstr(text, item) != NULL,
		    MANUAL " does not tell of %s", name);
	}
	for (const char *at = text; (at = strstr(at, "\n.It Ic ")) != NULL;
	     at++) {
		ck_assert_int_eq(sscanf(at, "\n.It Ic %79s", item), 1);
		ck_assert_msg(is_method(item),
		    MANUAL " tells of %s, which is no method", item);
	}
	free(text);
}
END_TEST

START_TEST(the_manual_has_every_error_and_no_other)
{
	char *text = manual_section("ERROR CODES"), item[128];
	int code;

	for (int i = RPC_OK + 1; i < RPC_ERROR_COUNT; i++) {
		enum rpc_error_kind kind = (enum rpc_error_kind)i;

		snprintf(item, sizeof(item), "\n.It Li %s Pq \\-%d\n",
		    rpc_error_slug(kind), -rpc_error_code(kind));
		ck_assert_msg(strstr(text, item) != NULL,
		    MANUAL " does not tell of %s, %d", rpc_error_slug(kind),
		    rpc_error_code(kind));
	}
	for (const char *at = text; (at = strstr(at, "\n.It ")) != NULL; at++) {
		ck_assert_msg(
		    sscanf(at, "\n.It Li %79s Pq \\-%d", item, &code) == 2,
		    MANUAL " has an error that is not written so: %.40s", at);
		ck_assert_msg(is_error(-code, item),
		    MANUAL " tells of %d %s, which is no error", -code, item);
	}
	free(text);
}
END_TEST

/* --- what the headers say --- */

/*
 * "object.name", or "name", in backquotes; and so on, down the object. What
 * stands in an array is told of by its own names.
 */
static void
expect_fields(const char *text, const char *prefix, const json_t *object)
{
	char field[128];
	const char *name;
	json_t *member;

	json_object_foreach ((json_t *)object, name, member) {
		snprintf(field, sizeof(field), "`%s%s`", prefix, name);
		if (json_is_object(member)) {
			snprintf(field, sizeof(field), "%s%s.", prefix, name);
			expect_fields(text, field, member);
			continue;
		}
		if (json_is_array(member)) {
			snprintf(
			    field, sizeof(field), "`%s%s[]`", prefix, name);
			expect_fields(text, "", json_array_get(member, 0));
		}
		ck_assert_msg(strstr(text, field) != NULL,
		    "the results' section does not tell of %s", field);
	}
}

START_TEST(every_field_of_a_result_is_told_of)
{
	struct task_result task = {0};
	struct job_result result = {
	    .state = JOB_FAILED,
	    .reason = "some",
	    .has_lock = true,
	    .n_tasks = 1,
	    .tasks = &task,
	};
	struct writer writer = {0};
	char *text = section("## Results");
	json_t *json;

	job_result_write(&writer, &result);
	json = writer_to_json(&writer);
	writer_free(&writer);
	ck_assert_ptr_nonnull(json);
	expect_fields(text, "", json);
	free(text);
	json_decref(json);
}
END_TEST

/* "9,007,199" for 9007199. */
static const char *
with_commas(uint64_t number, char text[32])
{
	char digits[24];
	size_t len =
		   (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number),
	       n = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[n++] = ',';
		text[n++] = digits[i];
	}
	text[n] = '\0';
	return text;
}

static void __attribute__((format(printf, 2, 3)))
expect_row(const char *text, const char *format, ...)
{
	char row[256];
	va_list args;

	va_start(args, format);
	vsnprintf(row, sizeof(row), format, args);
	va_end(args);
	ck_assert_msg(strstr(text, row) != NULL, "no row \"%s\"", row);
}

START_TEST(the_parameters_of_a_job_are_the_headers)
{
	char *text = section("### job.submit");
	struct job_request standard;
	char number[32];

	job_request_init(&standard);
	ck_assert_uint_eq(REQUEST_MAX_COUNT, (UINT64_C(1) << 53) - 1);
	expect_row(text, "| `count` | integer | | 1 to 2^53 - 1 |");
	expect_row(text, "| `pool` | string | `\"%s\"` |", standard.pool);
	expect_row(text, "| `workers` | integer | %u | 1 to `max_workers` |",
	    standard.workers);
	expect_row(text, "| `cost_ns` | integer | %" PRIu64 " | 0 to %s |",
	    standard.cost_ns, with_commas(REQUEST_MAX_COST_NS, number));
	expect_row(text, "| `timeout_ms` | integer | %" PRIu64 " | 0 to %s |",
	    standard.timeout_ms, with_commas(REQUEST_MAX_TIMEOUT_MS, number));
	expect_row(text, "| `progress` | boolean | `%s` |",
	    standard.wants_progress ? "true" : "false");
	expect_row(text,
	    "| `profile` | string | `\"%s\"` | `\"cpu\"`, `\"native\"`, "
	    "`\"io\"` |",
	    job_profile_name(standard.profile));
	expect_row(text, "| `io_every` | integer | | 1 to 2^53 - 1 |");
	expect_row(text, "| `io_for_us` | integer | | 1 to %s |",
	    with_commas(REQUEST_MAX_IO_FOR_US, number));
	expect_row(text, "| `priority` | integer | %u | 0 to %d |",
	    standard.priority, REQUEST_PRIORITIES - 1);
	expect_row(text,
	    "| `start_after_ms` | integer | %" PRIu64 " | 0 to %s |",
	    standard.start_after_ms,
	    with_commas(REQUEST_MAX_TIMEOUT_MS, number));
	expect_row(text, "| `detach` | boolean | `%s` |",
	    standard.detach ? "true" : "false");
	expect_row(
	    text, "| `key` | string | | 1 to %d bytes, ", REQUEST_KEY_CHARS);
	free(text);
}
END_TEST

START_TEST(the_bounds_of_a_pool_are_the_headers)
{
	char *text = section("### pool.set"), number[32];

	expect_row(text, "| `interval_us` | integer | as it is | 1 to %s |",
	    with_commas(SETTINGS_MAX_INTERVAL_US, number));
	expect_row(text, "| `quantum_us` | integer | as it is | 1 to %s |",
	    with_commas(SETTINGS_MAX_INTERVAL_US, number));
	expect_row(text, "| `timer_us` | integer | as it is | 0 to %s |",
	    with_commas(SETTINGS_MAX_INTERVAL_US, number));
	expect_row(text, "| `check_interval` | integer | as it is | 1 to %s |",
	    with_commas(SETTINGS_MAX_CHECK_INTERVAL, number));
	expect_row(text, "| `overhead_pct` | integer | as it is | 0 to %d |",
	    SETTINGS_MAX_OVERHEAD_PCT);
	for (size_t i = 0; i < GIL_PRESETS; i++) {
		snprintf(
		    number, sizeof(number), "`\"%s\"`", gil_preset_name(i));
		expect_row(text, "%s", number);
	}
	free(text);
	text = section("### lock.events");
	expect_row(text, "| `limit` | integer | %d | 1 to %d |",
	    LOCK_EVENTS_DEFAULT_LIMIT, LOCK_EVENTS_MAX_LIMIT);
	free(text);
}
END_TEST

/* 1, 2, 3 and so on, each once: tests and people name them. */
static void
expect_numbers(const char *heading, const char *mark)
{
	char *text = section(heading);
	unsigned n = 0, number;

	for (const char *at = text; (at = strstr(at, mark)) != NULL;) {
		at += strlen(mark);
		if (sscanf(at, "%u", &number) != 1)
			continue;
		n++;
		ck_assert_msg(number == n, "%s: %u stands where %u should",
		    heading, number, n);
	}
	ck_assert_msg(n > 1, "%s: nothing has a number", heading);
	free(text);
}

START_TEST(what_is_promised_has_numbers)
{
	expect_numbers("## What gild promises", "\n- P");
	expect_numbers("### When something dies", "\n| F");
	expect_numbers("### What is not promised", "\n- N");
}
END_TEST

/* Every name that an event may have, or give. */
START_TEST(every_event_is_told_of)
{
	char *text = section("### The events of a lock");
	const char *name;

	for (unsigned i = 0; (name = lock_event_kind_name(i)) != NULL; i++)
		expect_row(text, "`%s`", name);
	for (unsigned i = 0; (name = lock_wake_name(i)) != NULL; i++)
		expect_row(text, "`\"%s\"`", name);
	for (unsigned i = 0; (name = lock_release_name(i)) != NULL; i++)
		expect_row(text, "`\"%s\"`", name);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("specification");
	TCase *tcase = tcase_create("specification");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, every_method_has_its_section_and_an_example);
	tcase_add_test(tcase, every_error_has_its_row);
	tcase_add_test(tcase, every_error_has_an_example);
	tcase_add_test(tcase, there_is_no_section_of_another_method);
	tcase_add_test(tcase, there_is_no_row_of_another_error);
	tcase_add_test(tcase, the_manual_has_every_method_and_no_other);
	tcase_add_test(tcase, the_manual_has_every_error_and_no_other);
	tcase_add_test(tcase, every_field_of_a_result_is_told_of);
	tcase_add_test(tcase, the_parameters_of_a_job_are_the_headers);
	tcase_add_test(tcase, the_bounds_of_a_pool_are_the_headers);
	tcase_add_test(tcase, what_is_promised_has_numbers);
	tcase_add_test(tcase, every_event_is_told_of);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
