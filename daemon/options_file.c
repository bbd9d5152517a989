/*
 * Reads the configuration file with libConfuse, whose tables are made from
 * ours: to libConfuse each value is a string, and its callbacks hand it to the
 * parser that -o uses. Run once at the start.
 *
 * A value is checked where it stands, so that its error has its line; those of
 * a pool's section are set at the section's end, its kind first, whatever their
 * order in the file.
 *
 * What libConfuse offers and gild does not: include(). What it does unasked:
 * ${NAME} outside of single quotes is the environment's (gild.conf(5) says so).
 * It counts the lines of comments more than once, so it gets to see none.
 * It takes a file that ends within a section or a comment for a whole one; the
 * option END, which we append, shows where the file really ended.
 */
#include "daemon/options.h"

#include <confuse.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/option.h"
#include "daemon/option_table.h"

#define MAX_FILE_BYTES (1 << 20)
#define END "end-of-the-file"

/*
 * libConfuse's callbacks take no context of ours: this is it, for the one file
 * that is being read.
 */
static struct {
	struct settings *settings;
	const char *path;
	char *error;
	int end_line;		   /* where END stands */
	int open_line;		   /* of what is not closed; 0: nothing */
	uint32_t seen;		   /* of settings_table, a bit a row */
	struct pool_settings pool; /* the section's values, to check them */
} reading;

/* The first error counts. Line 0: none. */
static int __attribute__((format(printf, 2, 3)))
complain(int line, const char *format, ...)
{
	va_list arguments;
	char *rest = reading.error;
	size_t room = OPTIONS_ERROR_CHARS + 1;
	int length;

	if (rest[0] != '\0')
		return -1;
	/* libConfuse took the end, or more, for a part of it. */
	if (line >= reading.end_line && reading.open_line != 0) {
		line = reading.open_line;
		format = "a quoted text is not closed: write its second quote";
	}
	if (line == 0)
		length = snprintf(rest, room, "%.255s: ", reading.path);
	else
		length =
		    snprintf(rest, room, "%.255s:%d: ", reading.path, line);
	va_start(arguments, format);
	vsnprintf(rest + length, room - (size_t)length, format, arguments);
	va_end(arguments);
	return -1;
}

static int
complain_unknown(const cfg_t *cfg, const char *title, const char *name)
{
	char complaint[OPTION_COMPLAINT_CHARS + 1], prefix[80] = "";

	if (title != NULL)
		snprintf(prefix, sizeof(prefix), "pool.%.64s.", title);
	option_complain_unknown(title == NULL ? &settings_table : &pool_table,
	    prefix, name, complaint);
	return complain(cfg->line, "%s", complaint);
}

static int
value_cb(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *title = cfg_title(cfg), *name = cfg_opt_name(opt);
	const char *values[SETTINGS_MAX_LISTEN + 1];
	char complaint[OPTION_COMPLAINT_CHARS + 1];
	const struct option_table *table =
	    title == NULL ? &settings_table : &pool_table;
	const struct option_row *row = option_find(table, name);
	uint32_t *seen = title == NULL ? &reading.seen : &reading.pool.given;
	void *record = title == NULL ? (void *)reading.settings : &reading.pool;
	size_t n = 0;
	int result;

	if (row == NULL)
		return strcmp(name, END) == 0
		    ? 0
		    : complain_unknown(cfg, title, name);
	for (; n < cfg_opt_size(opt) && n <= SETTINGS_MAX_LISTEN; n++) {
		values[n] = cfg_opt_getnstr(opt, (unsigned)n);
		if (strcmp(values[n], END) == 0)
			return complain(cfg->line,
			    "%s: the file ends where its value should be",
			    name);
	}
	if (row->type == OPTION_ADDRESSES)
		result = option_set_addresses(record, values, n, complaint);
	else if ((*seen & option_bit(table, row)) != 0)
		return complain(cfg->line, "%s is set a second time", name);
	else
		result = option_parse(row, values[0], record, complaint);
	*seen |= option_bit(table, row);
	if (result != 0 && title != NULL)
		return complain(
		    cfg->line, "pool.%.64s.%s: %s", title, name, complaint);
	return result != 0 ? complain(cfg->line, "%s: %s", name, complaint) : 0;
}

/* Makes the section's pool; its values have been checked one by one. */
static int
add_pool(cfg_t *section, const char *title, char error[OPTIONS_ERROR_CHARS + 1])
{
	char name[POOL_NAME_CHARS + 40];

	for (size_t i = 0; i < pool_table.n_rows; i++) {
		const char *option = pool_table.rows[i].name;
		const char *value = cfg_getstr(section, option);

		if (value == NULL)
			continue;
		snprintf(name, sizeof(name), "pool.%s.%s", title, option);
		if (options_set(reading.settings, name, value, error) != 0)
			return -1;
	}
	return option_check_pool(
	    settings_find_pool(reading.settings, title), error);
}

static int
section_cb(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned number = cfg_opt_size(opt);
	cfg_t *section = cfg_opt_getnsec(opt, number - 1);
	const char *title = cfg_title(section);
	char error[OPTIONS_ERROR_CHARS + 1], kinds[OPTION_TEXT_CHARS + 1];
	const struct option_row *kind = &pool_table.rows[0];

	if (number == 1)
		reading.settings->n_pools = 0; /* the defaults */
	if (option_check_pool_name(title, error) != 0)
		return complain(cfg->line, "%s", error);
	option_format_bounds(kind, kinds);
	if (cfg_getstr(section, kind->name) == NULL)
		return complain(cfg->line,
		    "pool \"%s\" has no kind: write kind = %s", title, kinds);
	if (add_pool(section, title, error) != 0)
		return complain(cfg->line, "%s", error);
	reading.pool = (struct pool_settings){.given = 0};
	return 0;
}

/* What stands between the first quotes of message, which is cut there. */
static const char *
cut_quoted(char *message)
{
	char *start = strchr(message, '\'') + 1;

	start[strcspn(start, "'")] = '\0';
	return start;
}

/* Where libConfuse's words are not ours. */
static void __attribute__((format(printf, 2, 0)))
error_cb(cfg_t *cfg, const char *format, va_list arguments)
{
	static const char unknown[] = "no such option '";
	static const char duplicate[] = "found duplicate title '";
	char message[256];
	const char *name;

	vsnprintf(message, sizeof(message), format, arguments);
	if (strncmp(message, duplicate, strlen(duplicate)) == 0) {
		complain(cfg->line, "pool \"%s\" is there a second time",
		    cut_quoted(message));
		return;
	}
	if (strncmp(message, unknown, strlen(unknown)) != 0) {
		complain(cfg->line, "%s", message);
		return;
	}
	name = cut_quoted(message);
	if (strcmp(name, END) == 0)
		complain(cfg->line, "pool \"%.64s\" is not closed: write }",
		    cfg_title(cfg));
	else
		complain_unknown(cfg, cfg_title(cfg), name);
}

static void
fill_options(cfg_opt_t *opts, const struct option_table *table)
{
	for (size_t i = 0; i < table->n_rows; i++) {
		const struct option_row *row = &table->rows[i];

		if (row->type == OPTION_ADDRESSES)
			opts[i] = (cfg_opt_t)CFG_STR_LIST(
			    row->name, NULL, CFGF_NODEFAULT);
		else
			opts[i] =
			    (cfg_opt_t)CFG_STR(row->name, NULL, CFGF_NODEFAULT);
		opts[i].validcb = value_cb;
	}
}

static cfg_t *
new_parser(void)
{
	cfg_opt_t pool_opts[OPTION_MAX_ROWS + 1], opts[OPTION_MAX_ROWS + 3];
	size_t n = settings_table.n_rows;
	cfg_t *cfg;

	fill_options(pool_opts, &pool_table);
	pool_opts[pool_table.n_rows] = (cfg_opt_t)CFG_END();
	fill_options(opts, &settings_table);
	opts[n] = (cfg_opt_t)CFG_SEC(
	    "pool", pool_opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	opts[n].validcb = section_cb;
	opts[n + 1] = (cfg_opt_t)CFG_STR(END, NULL, CFGF_NODEFAULT);
	opts[n + 2] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(opts, CFGF_NONE); /* copies them */
	if (cfg != NULL)
		cfg_set_error_function(cfg, error_cb);
	return cfg;
}

/*
 * Where what begins at text ends: behind ${NAME}, a quoted text or a comment.
 * The first may hold quotes, in a quoted text too, and where it is none, this
 * is text itself.
 */
static char *
skip_variable(char *text)
{
	char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;

	return end == NULL ? text : end + 1;
}

static char *
skip_quoted(char *text)
{
	char quote = *text++;

	while (*text != '\0' && *text != quote) {
		char *end = quote == '"' ? skip_variable(text) : text;

		if (end != text)
			text = end;
		else
			text += text[0] == '\\' && text[1] != '\0' ? 2 : 1;
	}
	return *text == quote ? text + 1 : text;
}

static char *
skip_comment(char *text)
{
	char *end = text[1] == '*' ? strstr(text + 2, "*/") : NULL;

	if (end != NULL)
		return end + 2;
	return text[1] == '*' ? text + strlen(text)
			      : text + strcspn(text, "\n");
}

/* A # begins one everywhere, slashes only where a word would begin. */
static bool
is_comment(const char *text, bool is_in_word)
{
	if (*text == '#')
		return true;
	return !is_in_word && text[0] == '/' &&
	    (text[1] == '/' || text[1] == '*');
}

static int
line_of(const char *text, const char *place)
{
	int line = 1;

	for (; text < place; text++)
		line += *text == '\n';
	return line;
}

/*
 * Comments become blanks, their line ends stay. One that is not closed is left
 * as it is: it is an error, as a quote is, and its line is noted.
 */
static void
blank_comments(char *text)
{
	const char *start = text;
	bool is_in_word = false;

	reading.end_line = line_of(start, strchr(start, '\0')) - 1;
	while (*text != '\0') {
		char *end;

		if (*text == '"' || *text == '\'') {
			end = skip_quoted(text);
			if (*end == '\0')
				reading.open_line = line_of(start, text);
			text = end;
			is_in_word = false;
		} else if (is_comment(text, is_in_word)) {
			end = skip_comment(text);
			if (*end == '\0' && text[1] == '*') {
				reading.open_line = line_of(start, text);
				return;
			}
			for (; text < end; text++) {
				if (*text != '\n')
					*text = ' ';
			}
			is_in_word = false;
		} else if (!is_in_word && skip_variable(text) != text) {
			text = skip_variable(text);
		} else {
			is_in_word = strchr(" \t\r\n={}(),+", *text) == NULL;
			text++;
		}
	}
}

/*
 * The whole file, to be freed, with END behind it. We read it, and not
 * libConfuse, whose scanner ends the process when it cannot.
 */
static char *
read_text(FILE *file)
{
	static const char end[] = "\n" END " = reached\n";
	char *text = malloc(MAX_FILE_BYTES + sizeof(end));
	size_t length;

	if (text == NULL) {
		complain(0, "out of memory");
		return NULL;
	}
	length = fread(text, 1, MAX_FILE_BYTES, file);
	if (ferror(file)) /* a directory can be opened, but not read */
		complain(0, "cannot be read: %s", strerror(errno));
	else if (length == MAX_FILE_BYTES)
		complain(0, "is too long for a configuration: 1M or more");
	else if (memchr(text, '\0', length) != NULL)
		complain(0, "is no text: it has a NUL byte");
	else {
		memcpy(text + length, end, sizeof(end));
		return text;
	}
	free(text);
	return NULL;
}

/* What libConfuse does not complain about. */
static int
check_rest(cfg_t *cfg)
{
	const cfg_opt_t *listen = cfg_getopt(cfg, "listen");

	if (cfg_getstr(cfg, END) == NULL)
		return complain(
		    reading.open_line, "a comment is not closed: write */");
	/* The mark of an = that no value followed. */
	if (listen->nvalues == 0 && (listen->flags & CFGF_RESET) != 0)
		return complain(0, "listen: takes 1 to %d addresses, not {}",
		    SETTINGS_MAX_LISTEN);
	return 0;
}

int
options_read_file(struct settings *settings, const char *path,
    char error[OPTIONS_ERROR_CHARS + 1])
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	cfg_t *cfg = NULL;
	int result = -1;

	error[0] = '\0';
	memset(&reading, 0, sizeof(reading));
	reading.settings = settings;
	reading.path = path;
	reading.error = error;
	if (file == NULL) {
		complain(0, "cannot be opened: %s", strerror(errno));
		goto out;
	}
	text = read_text(file);
	if (text == NULL)
		goto out;
	blank_comments(text);
	cfg = new_parser();
	if (cfg == NULL || cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		complain(0, "cannot be read");
		goto out;
	}
	result = check_rest(cfg);
out:
	if (cfg != NULL)
		cfg_free(cfg);
	free(text);
	if (file != NULL)
		fclose(file);
	return result;
}
