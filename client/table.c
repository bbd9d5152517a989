/*
 * Cells are kept as text until all of them are known. A failed allocation is
 * remembered and told once, by table_print(), so that whoever fills a table in
 * need not look after every cell.
 */
#include "client/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_INDENT 2
#define TABLE_GAP 2

struct column {
	enum table_align align;
	char *heading;
	size_t width;
};

struct table {
	struct column columns[TABLE_MAX_COLUMNS];
	size_t n_columns;
	char **cells; /* row by row */
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
	for (size_t i = 0; i < table->n_columns; i++)
		free(table->columns[i].heading);
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

static void
widen(struct column *column, const char *text)
{
	size_t width = term_width(text);

	if (width > column->width)
		column->width = width;
}

void
table_column(struct table *table, enum table_align align, const char *heading)
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
	if (column->heading == NULL) {
		table->is_broken = true;
		return;
	}
	term_tame(column->heading);
	widen(column, column->heading);
}

static bool
make_room(struct table *table)
{
	size_t room = table->room > 0 ? table->room * 2 : 32;
	char **cells;

	if (table->n_cells < table->room)
		return true;
	cells = realloc(table->cells, room * sizeof(*cells));
	if (cells == NULL)
		return false;
	table->cells = cells;
	table->room = room;
	return true;
}

void
table_cell(struct table *table, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	if (table == NULL || table->is_broken)
		return;
	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length == -1 || !make_room(table)) {
		if (length != -1)
			free(text);
		table->is_broken = true;
		return;
	}
	term_tame(text);
	widen(&table->columns[table->n_cells % table->n_columns], text);
	table->cells[table->n_cells++] = text;
}

/*
 * blanks counts what is owed before the next text, so that none is written at
 * the end of a line.
 */
static void
print_cell(
    FILE *out, const struct column *column, const char *text, size_t *blanks)
{
	size_t pad = column->width - term_width(text);

	if (column->align == TABLE_RIGHT)
		*blanks += pad;
	if (*text != '\0') {
		fprintf(out, "%*s%s", (int)*blanks, "", text);
		*blanks = 0;
	}
	*blanks += TABLE_GAP + (column->align == TABLE_LEFT ? pad : 0);
}

static void
print_headings(const struct table *table, const struct term *term)
{
	size_t blanks = TABLE_INDENT;
	size_t seen = 0;

	for (size_t i = 0; i < table->n_columns; i++)
		seen += strlen(table->columns[i].heading);
	if (seen == 0)
		return;
	fputs(term_style(term, TERM_DIM), term->stream);
	for (size_t i = 0; i < table->n_columns; i++)
		print_cell(term->stream, &table->columns[i],
		    table->columns[i].heading, &blanks);
	fprintf(term->stream, "%s\n", term_style(term, TERM_PLAIN));
}

int
table_print(const struct table *table, const struct term *term)
{
	if (table == NULL || table->is_broken)
		return -1;
	print_headings(table, term);
	for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
		size_t blanks = TABLE_INDENT;

		for (size_t j = 0; j < table->n_columns; j++) {
			if (i + j == table->n_cells)
				break;
			print_cell(term->stream, &table->columns[j],
			    table->cells[i + j], &blanks);
		}
		fputc('\n', term->stream);
	}
	return 0;
}
