/*
 * The file that a trace is written to: Trace Event JSON, or a picture. Which
 * one its name says; standard output gets JSON.
 */
#ifndef GILD_CLIENT_TRACE_FILE_H
#define GILD_CLIENT_TRACE_FILE_H

#include <stdbool.h>

#include "client/command.h"
#include "client/mosaic.h"
#include "client/outfile.h"
#include "client/trace_json.h"

struct trace_file {
	const struct context *context;
	const char *path; /* borrowed */
	bool is_picture;
	struct outfile file;
	struct trace_json json;
	struct mosaic *mosaic; /* owned; of a picture */
};

/*
 * Opens it: FILE.json, FILE.svg or "-". What is wrong is said. On OUTCOME_FINE
 * it is to be committed or abandoned.
 */
enum outcome trace_file_open(
    struct trace_file *file, const struct context *context, const char *path)
    __attribute__((warn_unused_result));

/* Begins a pool (a picture has one alone): where its timeline is to go. */
struct timeline_sink trace_file_pool(struct trace_file *file, const char *name);

/* Its timeline has ended; title and subtitle are a picture's. */
enum outcome trace_file_end_pool(struct trace_file *file,
    const struct timeline *timeline, const char *title, const char *subtitle)
    __attribute__((warn_unused_result));

/* All is written, and in its place; or it is said why not, and nothing is. */
enum outcome trace_file_commit(struct trace_file *file)
    __attribute__((warn_unused_result));
void trace_file_abandon(struct trace_file *file);

#endif
