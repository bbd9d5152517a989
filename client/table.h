/*
 * A table for people: columns as wide as their widest cell, two blanks between
 * them, words to the left and figures to the right.
 */
#ifndef GILD_CLIENT_TABLE_H
#define GILD_CLIENT_TABLE_H

#include "client/term.h"

#define TABLE_MAX_COLUMNS 16

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table;

/* NULL when memory ran out; all the functions below bear with NULL. */
struct table *table_new(void);
void table_free(struct table *table);

/* One more column, at most TABLE_MAX_COLUMNS; before the first cell. */
void table_column(
    struct table *table, enum table_align align, const char *heading);

/* The next cell: from left to right, and then in a new row. */
void table_cell(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Prints the headings (not if all are empty) and the rows, indented by two
 * blanks, without blanks at the end of a line. Control characters
 * come out as '?'. 0, or -1 with nothing printed when memory has run out.
 */
int table_print(const struct table *table, const struct term *term)
    __attribute__((warn_unused_result));

#endif
