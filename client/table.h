/*
 * A table: columns as wide as their widest cell, two blanks between them, words
 * to the left and figures to the right. A cell has what people read and, where
 * that is a figure, the figure itself; so the same table is also printed as
 * Markdown (what people read) and as CSV (the figures, in machine units). To
 * print a table in the format that was asked for:
 *
 *	struct table *table = table_new();
 *
 *	table_column(table, TABLE_LEFT, "pool");
 *	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
 *	table_column_named(table, TABLE_MACHINE, "", "wall_low_ns");
 *	table_cell(table, "%s", pool);
 *	table_count(table, wall_ns, "%s", units_duration(wall_ns).text);
 *	table_count(table, low_ns, "%s", "");
 *	if (table_print(table, context->format, &context->out) == -1) ...
 */
#ifndef GILD_CLIENT_TABLE_H
#define GILD_CLIENT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "client/format.h"
#include "client/term.h"

#define TABLE_MAX_COLUMNS 32

enum table_align {
	TABLE_LEFT,
	TABLE_RIGHT,
	TABLE_MACHINE, /* not for people: in CSV alone */
};

struct table;

/* NULL when memory ran out; all the functions below bear with NULL. */
struct table *table_new(void);
void table_free(struct table *table);

/*
 * One more column, at most TABLE_MAX_COLUMNS; before the first cell. In CSV it
 * is called as its heading, in lower case with '_' for blanks.
 */
void table_column(
    struct table *table, enum table_align align, const char *heading);

/*
 * The same with a name of its own for CSV, which ends in the unit of the
 * figures: "wall_ns". NULL: not for machines, left out there.
 */
void table_column_named(struct table *table, enum table_align align,
    const char *heading, const char *name);

/*
 * People see the last column at least so wide: for a table that is printed row
 * by row, with table_print_rows().
 */
void table_column_widen(struct table *table, size_t width);

/* The next cell: from left to right, and then in a new row. */
void table_cell(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a figure: as it is, and then as people read it. */
void table_count(struct table *table, uint64_t value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One that is not finite is an empty cell in CSV. */
void table_real(struct table *table, double value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a word that people read otherwise: value is copied. */
void table_word(struct table *table, const char *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line for people below the row of the last cell: in text alone. */
void table_note(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Prints it. As text: the headings (not if all are empty) and the rows,
 * indented by two blanks, without blanks at the end of a line; control
 * characters come out as '?'. As CSV: RFC 4180, but lines end in LF alone.
 * FORMAT_JSON is not for tables; it prints text. 0, or -1 with nothing printed
 * when memory has run out.
 */
int table_print(const struct table *table, enum format format,
    const struct term *term) __attribute__((warn_unused_result));

/* The same without the headings: more rows of a table that has been printed. */
int table_print_rows(const struct table *table, enum format format,
    const struct term *term) __attribute__((warn_unused_result));

#endif
