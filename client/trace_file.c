/* Owns: which of the two kinds a trace's file is of. Run by gilctl. */
#include "client/trace_file.h"

#include <errno.h>
#include <string.h>

#include "client/interrupt.h"
#include "client/talk.h"
#include "client/trace_svg.h"

static bool
ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length > n && strcmp(text + length - n, end) == 0;
}

static enum outcome
complain_of_file(const struct trace_file *file, const char *what)
{
	command_complain(file->context->command, "cannot %s %s: %s", what,
	    strcmp(file->path, "-") == 0 ? "standard output" : file->path,
	    strerror(errno));
	return OUTCOME_NOT_DONE;
}

enum outcome
trace_file_open(
    struct trace_file *file, const struct context *context, const char *path)
{
	*file = (struct trace_file){
	    .context = context,
	    .path = path,
	    .is_picture = ends_in(path, ".svg"),
	};
	if (!file->is_picture && !ends_in(path, ".json") &&
	    strcmp(path, "-") != 0) {
		command_complain(context->command,
		    "-o %s: write FILE.json (for ui.perfetto.dev), FILE.svg (a "
		    "picture) or - (JSON)",
		    path);
		return OUTCOME_USAGE;
	}
	if (file->is_picture && (file->mosaic = mosaic_new()) == NULL)
		return talk_no_memory(context);
	if (outfile_open(&file->file, path) == -1) {
		mosaic_free(file->mosaic);
		return complain_of_file(file, "write");
	}
	if (!file->is_picture)
		trace_json_begin(&file->json, file->file.stream);
	return OUTCOME_FINE;
}

struct timeline_sink
trace_file_pool(struct trace_file *file, const char *name)
{
	return file->is_picture ? mosaic_sink(file->mosaic)
				: trace_json_pool(&file->json, name);
}

enum outcome
trace_file_end_pool(struct trace_file *file, const struct timeline *timeline,
    const char *title, const char *subtitle)
{
	if (!file->is_picture) {
		trace_json_end_pool(&file->json, timeline);
		return OUTCOME_FINE;
	}
	mosaic_end(file->mosaic, timeline_totals(timeline).last_ns);
	if (trace_svg_write(file->mosaic, timeline, title, subtitle,
		file->file.stream) == -1)
		return complain_of_file(file, "write");
	return OUTCOME_FINE;
}

enum outcome
trace_file_commit(struct trace_file *file)
{
	int status;

	if (!file->is_picture)
		trace_json_end(&file->json);
	mosaic_free(file->mosaic);
	status = outfile_commit(&file->file);
	if (status == -1 && errno == EPIPE && interrupt_is_by_reader())
		return OUTCOME_INTERRUPTED;
	return status == -1 ? complain_of_file(file, "write") : OUTCOME_FINE;
}

void
trace_file_abandon(struct trace_file *file)
{
	mosaic_free(file->mosaic);
	outfile_abandon(&file->file);
}
