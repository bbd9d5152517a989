/*
 * What is written about the options elsewhere: the manual explains each one
 * with its bounds and its default, and the example configuration shows each
 * one, at its default, or in a pool for which it was set. Both are read from the sources ($srcdir).
 */
#include "daemon/option_table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/options.h"
#include "tests/unit/suite.h"

#define MANUAL "daemon/gild.conf.5"
#define EXAMPLE "systemd/gild.conf"

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

/* The text of the manual's item on this option. */
static char *
find_item(const char *manual, const char *name)
{
	char head[64];
	const char *start, *end;

	snprintf(head, sizeof(head), "\n.It Ic %s\n", name);
	start = strstr(manual, head);
	ck_assert_msg(start != NULL, "%s does not explain %s", MANUAL, name);
	start += strlen(head);
	end = strstr(start, "\n.It");
	if (end == NULL || strstr(start, "\n.El") < end)
		end = strstr(start, "\n.El");
	ck_assert_ptr_nonnull(end);
	return strndup(start, (size_t)(end - start));
}

static void
check_item(const char *manual, const struct option_row *row)
{
	char bounds[OPTION_TEXT_CHARS + 1], by_default[128];
	char *item = find_item(manual, row->name);

	option_format_bounds(row, bounds);
	ck_assert_msg(strcasestr(item, bounds) != NULL,
	    "%s does not say that %s takes %s", MANUAL, row->name, bounds);
	if (row->initial != NULL) {
		snprintf(by_default, sizeof(by_default), "%s by default.",
		    row->initial[0] == '\0' ? "Empty" : row->initial);
		ck_assert_msg(strstr(item, by_default) != NULL,
		    "%s does not say that %s is %s", MANUAL, row->name,
		    by_default);
	}
	free(item);
}

START_TEST(the_manual_explains_every_option)
{
	char *manual = read_source(MANUAL);

	for (size_t i = 0; i < settings_table.n_rows; i++)
		check_item(manual, &settings_table.rows[i]);
	for (size_t i = 0; i < pool_table.n_rows; i++)
		check_item(manual, &pool_table.rows[i]);
	free(manual);
}
END_TEST

START_TEST(the_manual_explains_nothing_else)
{
	static const char head[] = "\n.It Ic ";
	char *manual = read_source(MANUAL), name[64];
	size_t n_items = 0;

	for (char *item = strstr(manual, head); item != NULL;
	     item = strstr(item + 1, head)) {
		ck_assert_int_eq(sscanf(item + strlen(head), "%63s", name), 1);
		ck_assert_msg(option_find(&settings_table, name) != NULL ||
			option_find(&pool_table, name) != NULL,
		    "%s explains %s, which is no option", MANUAL, name);
		n_items++;
	}
	ck_assert_uint_eq(n_items, settings_table.n_rows + pool_table.n_rows);
	free(manual);
}
END_TEST

/* Takes the # from lines such as "#name = value", "#pool ..." and "#}". */
static void
uncomment(char *text)
{
	for (char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] != ' ' && line[1] != '\n')
			line[0] = ' ';
	}
}

static void
read_text(struct settings *settings, const char *text)
{
	char name[] = "/tmp/gild-example-XXXXXX";
	char error[OPTIONS_ERROR_CHARS + 1];
	int fd = mkstemp(name), result;
	FILE *file = fdopen(fd, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	options_init(settings);
	result = options_read_file(settings, name, error);
	remove(name);
	ck_assert_msg(result == 0, "%s", error);
	ck_assert_msg(options_finish(settings, error) == 0, "%s", error);
}

static char *
print(const struct settings *settings)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(options_print(settings, out), 0);
	fclose(out);
	return text;
}

/* The text of one pool, or of what stands before all of them; to be freed. */
static char *
cut(const char *printed, const char *from)
{
	const char *start = strstr(printed, from), *end;

	ck_assert_msg(start != NULL, "no \"%s\"", from);
	end = strstr(start, "\n\n");
	return end != NULL ? strndup(start, (size_t)(end - start))
			   : strdup(start);
}

static void
check_same(const char *printed, const char *expected, const char *from)
{
	char *a = cut(printed, from), *b = cut(expected, from);

	ck_assert_str_eq(a, b);
	free(a);
	free(b);
}

/*
 * With and without its #s it says the same; of the pools that there are without
 * a file, and of all else, the same as no file at all.
 */
START_TEST(the_example_shows_the_defaults)
{
	char *example = read_source(EXAMPLE), *expected, *printed[2];
	char error[OPTIONS_ERROR_CHARS + 1];
	struct settings settings;

	options_init(&settings);
	ck_assert_int_eq(options_finish(&settings, error), 0);
	expected = print(&settings);
	settings_free(&settings);
	for (int i = 0; i < 2; i++) {
		read_text(&settings, example);
		printed[i] = print(&settings);
		settings_free(&settings);
		uncomment(example);
	}
	ck_assert_str_eq(printed[0], printed[1]);
	check_same(printed[0], expected, "listen = ");
	check_same(printed[0], expected, "pool \"threads\" {");
	check_same(printed[0], expected, "pool \"processes\" {");
	free(printed[0]);
	free(printed[1]);
	free(expected);
	free(example);
}
END_TEST

/* A pool for each policy and each preset but one, which it names. */
START_TEST(the_example_has_a_pool_for_each_policy)
{
	char *example = read_source(EXAMPLE);
	struct settings settings;
	unsigned policies = 0;
	bool has_free = false, has_several = false;

	read_text(&settings, example);
	for (size_t i = 0; i < settings.n_pools; i++) {
		const struct pool_settings *pool = &settings.pools[i];

		if (pool->kind != POOL_THREADS)
			continue;
		has_free |= pool->locks == 0;
		has_several |= pool->locks > 1;
		policies |= 1u << pool->policy;
	}
	ck_assert_uint_eq(policies, (1u << GIL_POLICY_COUNT) - 1);
	ck_assert(has_free && has_several);
	for (size_t i = 0; i < GIL_PRESETS; i++)
		ck_assert_msg(strstr(example, gil_preset_name(i)) != NULL,
		    "%s does not tell of %s", EXAMPLE, gil_preset_name(i));
	settings_free(&settings);
	free(example);
}
END_TEST

static void
check_shown(const char *example, const char *start, const char *name)
{
	char line[64];

	/* With a # before it, or without. */
	snprintf(line, sizeof(line), "\n#%s%s = ", start, name);
	if (strstr(example, line) != NULL)
		return;
	snprintf(line, sizeof(line), "\n%s%s = ", start, name);
	ck_assert_msg(strstr(example, line) != NULL, "%s does not show %s",
	    EXAMPLE, name);
}

START_TEST(the_example_shows_every_option)
{
	char *example = read_source(EXAMPLE);

	for (size_t i = 0; i < settings_table.n_rows; i++)
		check_shown(example, "", settings_table.rows[i].name);
	for (size_t i = 0; i < pool_table.n_rows; i++)
		check_shown(example, "\t", pool_table.rows[i].name);
	free(example);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("option_texts");
	TCase *tcase = tcase_create("option_texts");

	tcase_add_test(tcase, the_manual_explains_every_option);
	tcase_add_test(tcase, the_manual_explains_nothing_else);
	tcase_add_test(tcase, the_example_shows_the_defaults);
	tcase_add_test(tcase, the_example_has_a_pool_for_each_policy);
	tcase_add_test(tcase, the_example_shows_every_option);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
