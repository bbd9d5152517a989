/* What the files of the page of a load run have in common. */
#ifndef GILD_CLIENT_LOAD_HTML_PRIVATE_H
#define GILD_CLIENT_LOAD_HTML_PRIVATE_H

#include <stdint.h>
#include <stdio.h>

#include "client/load_report.h"

#define LOAD_HTML_TIME_CHARS 40

/* A part of the page with a heading; lead, a sentence below it, may be NULL. */
void load_html_card_open(FILE *out, const char *title, const char *lead);
void load_html_card_close(FILE *out);

/* "2026-11-27 12:50:00 UTC"; returns text. */
const char *load_html_time(uint64_t unix_ms, char text[LOAD_HTML_TIME_CHARS]);

/* The jobs that are not done. */
uint64_t load_html_missing(const struct load_report *report);

/* load_html_tables.c: a card each, or nothing where there is nothing to say. */
void load_html_write_expectations(const struct load_report *report, FILE *out);
void load_html_write_search(const struct load_report *report, FILE *out);
void load_html_write_percentiles(const struct load_report *report, FILE *out);
void load_html_write_classes(const struct load_report *report, FILE *out);
void load_html_write_phases(const struct load_report *report, FILE *out);
void load_html_write_errors(const struct load_report *report, FILE *out);
void load_html_write_outcome(const struct load_report *report, FILE *out);
void load_html_write_plan(const struct load_report *report, FILE *out);

#endif
