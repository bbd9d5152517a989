/*
 * What an experiment says, around its tables, in the format asked for: on a
 * terminal lines of two blanks' indent, in Markdown a heading and paragraphs,
 * in CSV nothing.
 */
#ifndef GILD_CLIENT_REPORT_H
#define GILD_CLIENT_REPORT_H

#include "client/chart.h"
#include "client/command.h"
#include "client/experiment.h"
#include "client/table.h"

/* What is measured, in bold; then with what, by whom, and an empty line. */
void report_heading(
    const struct context *context, const char *title, const char *subtitle);

/*
 * "gild 0.1.0 on 2 CPUs, 3 rounds, interleaved": for the subtitle, tamed.
 */
void report_setting(
    const struct experiment *experiment, char *text, size_t size);

/* An empty line: between a table and what follows. */
void report_gap(const struct context *context);

void report_sentence(
    const struct context *context, enum term_style style, const char *text);

/* "Warning: " and the sentence. */
void report_warning(const struct context *context, const char *text);

/* The table, which is freed, however it ends. */
enum outcome report_table(const struct context *context, struct table *table)
    __attribute__((warn_unused_result));

/* A chart for people: on a terminal. */
enum outcome report_chart(const struct context *context,
    const struct chart *chart) __attribute__((warn_unused_result));

/*
 * Before the work: whether a picture can be written here, and is called one of
 * what it will be. path NULL: there is none.
 */
enum outcome report_check_picture(const struct context *context,
    const char *path) __attribute__((warn_unused_result));

/* Saves the charts as one picture; path NULL: does nothing. */
enum outcome report_save(const struct context *context,
    const struct chart charts[], size_t n_charts, const char *path)
    __attribute__((warn_unused_result));

/* The machine's weather, where it was not fair: as warnings. */
void report_weather(const struct experiment *experiment);

/*
 * The last words, dimmed: `first`, a sentence or more; then what the intervals
 * are, the warm-up, and how to have the same order again.
 */
void report_note(const struct experiment *experiment, const char *first);

/* {"median","low","high"}: a new reference, or NULL. */
json_t *report_estimate(struct estimate estimate);

#endif
