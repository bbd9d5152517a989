/*
 * Cells are kept as text until all of them are known. A failed allocation is
 * remembered and told once, by table_print(), so that whoever fills a table in
 * need not look after every cell.
 */
#include "client/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_INDENT 2
#define TABLE_GAP 2
#define TABLE_NOTE_INDENT 4

struct column {
	enum table_align align;
	char *heading;
	char *name; /* NULL: not for machines */
	size_t least_width;
};

struct cell {
	char *text;
	char *value; /* NULL: is its text */
	char *note;  /* below its row, or NULL */
};

struct table {
	struct column columns[TABLE_MAX_COLUMNS];
	size_t n_columns;
	struct cell *cells; /* row by row */
	size_t n_cells;
	size_t room; /* in cells */
	bool is_broken;
};

struct table *
table_new(void)
{
	return calloc(1, sizeof(struct table));
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->n_columns; i++) {
		free(table->columns[i].heading);
		free(table->columns[i].name);
	}
	for (size_t i = 0; i < table->n_cells; i++) {
		free(table->cells[i].text);
		free(table->cells[i].value);
		free(table->cells[i].note);
	}
	free(table->cells);
	free(table);
}

void
table_column_named(struct table *table, enum table_align align,
    const char *heading, const char *name)
{
	struct column *column;

	if (table == NULL)
		return;
	if (table->n_columns == TABLE_MAX_COLUMNS) {
		table->is_broken = true;
		return;
	}
	column = &table->columns[table->n_columns++];
	column->align = align;
	column->heading = strdup(heading);
	column->name = name != NULL ? strdup(name) : NULL;
	if (column->heading == NULL || (name != NULL && column->name == NULL)) {
		table->is_broken = true;
		return;
	}
	term_tame(column->heading);
}

void
table_column(struct table *table, enum table_align align, const char *heading)
{
	struct column *column;

	table_column_named(table, align, heading, heading);
	if (table == NULL || table->is_broken)
		return;
	column = &table->columns[table->n_columns - 1];
	for (char *at = column->name; *at != '\0'; at++)
		*at = *at == ' ' ? '_' : (char)tolower((unsigned char)*at);
}

void
table_column_widen(struct table *table, size_t width)
{
	if (table != NULL && !table->is_broken)
		table->columns[table->n_columns - 1].least_width = width;
}

static bool
make_room(struct table *table)
{
	size_t room = table->room > 0 ? table->room * 2 : 32;
	struct cell *cells;

	if (table->n_cells < table->room)
		return true;
	cells = realloc(table->cells, room * sizeof(*cells));
	if (cells == NULL)
		return false;
	table->cells = cells;
	table->room = room;
	return true;
}

/* value is stolen. */
static void __attribute__((format(printf, 3, 0)))
add_cell(struct table *table, char *value, const char *format, va_list args)
{
	struct cell cell = {.value = value};

	if (vasprintf(&cell.text, format, args) == -1)
		cell.text = NULL;
	if (cell.text == NULL || !make_room(table)) {
		free(cell.text);
		free(cell.value);
		table->is_broken = true;
		return;
	}
	term_tame(cell.text);
	table->cells[table->n_cells++] = cell;
}

void
table_cell(struct table *table, const char *format, ...)
{
	va_list args;

	if (table == NULL || table->is_broken)
		return;
	va_start(args, format);
	add_cell(table, NULL, format, args);
	va_end(args);
}

/* add_cell(), where a value could be made. */
static void __attribute__((format(printf, 3, 0)))
add_value(struct table *table, char *value, const char *format, va_list args)
{
	if (value == NULL)
		table->is_broken = true;
	else
		add_cell(table, value, format, args);
}

void
table_count(struct table *table, uint64_t value, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	if (table == NULL || table->is_broken)
		return;
	if (asprintf(&text, "%" PRIu64, value) == -1)
		text = NULL;
	va_start(args, format);
	add_value(table, text, format, args);
	va_end(args);
}

void
table_real(struct table *table, double value, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	if (table == NULL || table->is_broken)
		return;
	if (!isfinite(value))
		text = strdup("");
	else if (asprintf(&text, "%.15g", value) == -1)
		text = NULL;
	va_start(args, format);
	add_value(table, text, format, args);
	va_end(args);
}

void
table_word(struct table *table, const char *value, const char *format, ...)
{
	va_list args;

	if (table == NULL || table->is_broken)
		return;
	va_start(args, format);
	add_value(table, strdup(value), format, args);
	va_end(args);
}

void
table_note(struct table *table, const char *format, ...)
{
	struct cell *cell;
	va_list args;

	if (table == NULL || table->is_broken || table->n_cells == 0)
		return;
	cell = &table->cells[table->n_cells - 1];
	free(cell->note);
	va_start(args, format);
	if (vasprintf(&cell->note, format, args) == -1)
		cell->note = NULL;
	va_end(args);
	if (cell->note == NULL)
		table->is_broken = true;
	else
		term_tame(cell->note);
}

/* The cell in this row and column, or NULL: the last row may be short. */
static const struct cell *
find_cell(const struct table *table, size_t row, size_t column)
{
	size_t i = row * table->n_columns + column;

	return i < table->n_cells ? &table->cells[i] : NULL;
}

static size_t
count_rows(const struct table *table)
{
	return table->n_columns == 0
	    ? 0
	    : (table->n_cells + table->n_columns - 1) / table->n_columns;
}

/* What Markdown would not show as it is. */
static bool
is_marked(char c)
{
	return c != '\0' && strchr("\\|<*`", c) != NULL;
}

/* As it is printed in a format. */
static size_t
text_width(const char *text, enum format format)
{
	size_t width = term_width(text);

	if (format == FORMAT_MARKDOWN)
		for (; *text != '\0'; text++)
			width += is_marked(*text);
	return width;
}

static size_t
column_width(const struct table *table, size_t column, enum format format)
{
	size_t width = text_width(table->columns[column].heading, format);

	if (width < table->columns[column].least_width)
		width = table->columns[column].least_width;
	for (size_t row = 0; row < count_rows(table); row++) {
		const struct cell *cell = find_cell(table, row, column);
		size_t needed =
		    cell != NULL ? text_width(cell->text, format) : 0;

		if (needed > width)
			width = needed;
	}
	return width;
}

/* The widths of all columns; 0 for those that people do not see. */
static void
measure(const struct table *table, enum format format, size_t widths[])
{
	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = table->columns[i].align == TABLE_MACHINE
		    ? 0
		    : column_width(table, i, format);
}

/*
 * blanks counts what is owed before the next text, so that none is written at
 * the end of a line.
 */
static void
print_padded(FILE *out, enum table_align align, size_t width, const char *text,
    size_t *blanks)
{
	size_t pad = width - term_width(text);

	if (align == TABLE_RIGHT)
		*blanks += pad;
	if (*text != '\0') {
		fprintf(out, "%*s%s", (int)*blanks, "", text);
		*blanks = 0;
	}
	*blanks += TABLE_GAP + (align == TABLE_LEFT ? pad : 0);
}

static void
print_headings(
    const struct table *table, const size_t widths[], const struct term *term)
{
	size_t blanks = TABLE_INDENT;
	size_t seen = 0;

	for (size_t i = 0; i < table->n_columns; i++)
		if (table->columns[i].align != TABLE_MACHINE)
			seen += strlen(table->columns[i].heading);
	if (seen == 0)
		return;
	fputs(term_style(term, TERM_DIM), term->stream);
	for (size_t i = 0; i < table->n_columns; i++)
		if (table->columns[i].align != TABLE_MACHINE)
			print_padded(term->stream, table->columns[i].align,
			    widths[i], table->columns[i].heading, &blanks);
	fprintf(term->stream, "%s\n", term_style(term, TERM_PLAIN));
}

static void
print_text(
    const struct table *table, bool has_headings, const struct term *term)
{
	size_t widths[TABLE_MAX_COLUMNS];

	measure(table, FORMAT_TEXT, widths);
	if (has_headings)
		print_headings(table, widths, term);
	for (size_t row = 0; row < count_rows(table); row++) {
		size_t blanks = TABLE_INDENT;
		const char *note = NULL;

		for (size_t i = 0; i < table->n_columns; i++) {
			const struct cell *cell = find_cell(table, row, i);
			enum table_align align = table->columns[i].align;

			if (cell != NULL && cell->note != NULL)
				note = cell->note;
			if (cell != NULL && align != TABLE_MACHINE)
				print_padded(term->stream, align, widths[i],
				    cell->text, &blanks);
		}
		fputc('\n', term->stream);
		if (note != NULL)
			fprintf(term->stream, "%*s%s%s%s\n", TABLE_NOTE_INDENT,
			    "", term_style(term, TERM_DIM), note,
			    term_style(term, TERM_PLAIN));
	}
}

static void
print_marked(FILE *out, enum table_align align, size_t width, const char *text)
{
	int pad = (int)(width - text_width(text, FORMAT_MARKDOWN));

	fprintf(out, " %*s", align == TABLE_RIGHT ? pad : 0, "");
	for (; *text != '\0'; text++)
		fprintf(out, "%s%c", is_marked(*text) ? "\\" : "", *text);
	fprintf(out, "%*s |", align == TABLE_RIGHT ? 0 : pad, "");
}

/* Two dashes at least, and a colon at the end where the figures stand. */
static void
print_rule(FILE *out, enum table_align align, size_t width)
{
	fputc(' ', out);
	for (size_t i = 1; i < width; i++)
		fputc('-', out);
	fputs(align == TABLE_RIGHT ? ": |" : "- |", out);
}

static void
print_markdown(const struct table *table, bool has_headings, FILE *out)
{
	size_t widths[TABLE_MAX_COLUMNS];
	size_t n = table->n_columns;

	measure(table, FORMAT_MARKDOWN, widths);
	for (size_t i = 0; i < n; i++)
		widths[i] = widths[i] < 3 ? 3 : widths[i];
	/* Line by line: the headings, the rule, the rows. */
	for (size_t line = has_headings ? 0 : 2; line < count_rows(table) + 2;
	     line++) {
		fputc('|', out);
		for (size_t i = 0; i < n; i++) {
			const struct column *column = &table->columns[i];
			const struct cell *cell;

			if (column->align == TABLE_MACHINE)
				continue;
			if (line == 1) {
				print_rule(out, column->align, widths[i]);
				continue;
			}
			cell = line > 1 ? find_cell(table, line - 2, i) : NULL;
			print_marked(out, column->align, widths[i],
			    line == 0	       ? column->heading
				: cell != NULL ? cell->text
					       : "");
		}
		fputc('\n', out);
	}
}

/* Quoted where it must be. */
static void
print_field(FILE *out, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text != '\0'; text++)
		fprintf(out, "%s%c", *text == '"' ? "\"" : "", *text);
	fputc('"', out);
}

static void
print_csv(const struct table *table, bool has_headings, FILE *out)
{
	for (size_t line = has_headings ? 0 : 1; line < count_rows(table) + 1;
	     line++) {
		const char *comma = "";

		for (size_t i = 0; i < table->n_columns; i++) {
			const struct column *column = &table->columns[i];
			const struct cell *cell;
			const char *text = "";

			if (column->name == NULL)
				continue;
			cell = line > 0 ? find_cell(table, line - 1, i) : NULL;
			if (line == 0)
				text = column->name;
			else if (cell != NULL)
				text = cell->value != NULL ? cell->value
							   : cell->text;
			fputs(comma, out);
			print_field(out, text);
			comma = ",";
		}
		fputc('\n', out);
	}
}

static int
print(const struct table *table, bool has_headings, enum format format,
    const struct term *term)
{
	if (table == NULL || table->is_broken)
		return -1;
	switch (format) {
	case FORMAT_CSV:
		print_csv(table, has_headings, term->stream);
		break;
	case FORMAT_MARKDOWN:
		print_markdown(table, has_headings, term->stream);
		break;
	case FORMAT_TEXT:
	case FORMAT_JSON:
		print_text(table, has_headings, term);
		break;
	}
	return 0;
}

int
table_print(
    const struct table *table, enum format format, const struct term *term)
{
	return print(table, true, format, term);
}

int
table_print_rows(
    const struct table *table, enum format format, const struct term *term)
{
	return print(table, false, format, term);
}
