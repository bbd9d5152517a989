/*
 * What comes out of a load run: on standard output in the format asked for, and
 * as files beside it.
 *
 * As CSV it is the series: a row for each stretch of the run, as spreadsheets
 * and plotters want it. Percentiles are in the .hgrm file, and all of it is in
 * the JSON.
 */
#ifndef GILD_CLIENT_LOAD_OUTPUT_H
#define GILD_CLIENT_LOAD_OUTPUT_H

#include "client/command.h"
#include "client/load_report.h"

/* Files to be written; each may be NULL, or "-" for standard output. */
struct load_files {
	const char *html;
	const char *hgrm;
};

/* Before the run: whether they can be written. It says why not. */
enum outcome load_output_check(const struct context *context,
    const struct load_files *files) __attribute__((warn_unused_result));

/* Standard output, and then the files. */
enum outcome load_output(const struct context *context,
    const struct load_report *report, const struct load_files *files)
    __attribute__((warn_unused_result));

#endif
