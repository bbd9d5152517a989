/* How a load run looks to people: tables, bars, a chart and sentences. */
#ifndef GILD_CLIENT_LOAD_PRINT_H
#define GILD_CLIENT_LOAD_PRINT_H

#include "client/command.h"
#include "client/load_report.h"

/* What was asked for: "2,000 jobs a second for 10 s, open loop". */
void load_describe(const struct load_script *script, char *text, size_t size);
/* With what and by whom: "gild 0.5.0 on 2 CPUs, 4 connections, seed 7". */
void load_describe_setting(
    const struct load_report *report, char *text, size_t size);

/* The report, as text or as Markdown. */
enum outcome load_print(const struct context *context,
    const struct load_report *report) __attribute__((warn_unused_result));

/* Latency and rate over time, where there are enough points of it. */
enum outcome load_print_chart(const struct context *context,
    const struct load_report *report) __attribute__((warn_unused_result));

/* Its table of the expectations, and its table of a search's steps. */
enum outcome load_print_expectations(const struct context *context,
    const struct load_report *report) __attribute__((warn_unused_result));
enum outcome load_print_search(const struct context *context,
    const struct load_report *report) __attribute__((warn_unused_result));

#endif
