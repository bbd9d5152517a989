/* Expectations of programs, for the tests of gilctl's commands. */
#include "tests/e2e/expect.h"

#include <check.h>
#include <string.h>

void
expect_exit(const struct run *run, int exit_status)
{
	ck_assert_msg(run->exit_status == exit_status,
	    "expected exit status %d, got %d (wait status %#x): %s%s",
	    exit_status, run->exit_status, (unsigned)run->status, run->out,
	    run->err);
}

void
expect_says(const char *text, const char *part)
{
	ck_assert_msg(
	    strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

json_t *
one_line(const struct run *run)
{
	json_error_t error;
	json_t *json = json_loads(run->out, 0, &error);

	expect_exit(run, 0);
	ck_assert_msg(json != NULL, "%s in: %s", error.text, run->out);
	ck_assert_ptr_eq(strchr(run->out, '\n') + 1, strchr(run->out, '\0'));
	ck_assert_str_eq(run->err, "");
	return json;
}

size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}
