/*
 * Files are there whole or not at all (outfile.h), and are looked at before the
 * run: nobody should wait an hour to be told of a folder that is not there.
 */
#include "client/load_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/load_hgrm.h"
#include "client/load_html.h"
#include "client/load_json.h"
#include "client/load_print.h"
#include "client/outfile.h"
#include "client/report.h"
#include "client/show.h"
#include "client/table.h"

static enum outcome
cannot_write(const struct context *context, const char *path)
{
	command_complain(
	    context->command, "cannot write %.200s: %s", path, strerror(errno));
	return OUTCOME_NOT_DONE;
}

static enum outcome
check_file(const struct context *context, const char *path)
{
	struct outfile file;
	struct stat there;

	if (path == NULL || strcmp(path, "-") == 0)
		return OUTCOME_FINE;
	/* A device or a pipe: opened once, when there is something for it. */
	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return OUTCOME_FINE;
	if (outfile_open(&file, path) == -1)
		return cannot_write(context, path);
	outfile_abandon(&file);
	return OUTCOME_FINE;
}

enum outcome
load_output_check(const struct context *context, const struct load_files *files)
{
	enum outcome outcome = check_file(context, files->html);

	return outcome == OUTCOME_FINE ? check_file(context, files->hgrm)
				       : outcome;
}

/* The phase that a moment is in; "drain" behind the last one. */
static const char *
phase_at(const struct load_report *report, uint64_t at_ns)
{
	const struct load_script *script = report->script;
	size_t i = script->n_phases;

	if (at_ns >= report->run_ns)
		return "drain";
	while (i > 1 && script->phases[i - 1].start_ns > at_ns)
		i--;
	return script->phases[i - 1].name;
}

static struct table *
make_series(const struct load_report *report)
{
	static const char *const names[] = {"start_ns", "length_ns", "phase",
	    "scheduled", "sent", "done", "failed", "done_per_s", "p50_ns",
	    "p90_ns", "p99_ns", "p99_9_ns", "max_ns"};
	struct table *table = table_new();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		table_column_named(table, TABLE_RIGHT, names[i], names[i]);
	for (size_t i = 0; i < report->n_points; i++) {
		const struct load_point *point = &report->points[i];
		const struct hdr *hdr = &point->latency;
		const uint64_t counts[] = {
		    point->scheduled, point->sent, point->done, point->failed};
		const uint64_t latencies[] = {point->p50_ns,
		    hdr_quantile(hdr, 0.9), point->p99_ns,
		    hdr_quantile(hdr, 0.999), point->max_ns};

		table_count(table, point->start_ns, "%s", "");
		table_count(table, point->length_ns, "%s", "");
		table_cell(table, "%s", phase_at(report, point->start_ns));
		for (size_t j = 0; j < 4; j++)
			table_count(table, counts[j], "%s", "");
		table_real(
		    table, load_rate(point->done, point->length_ns), "%s", "");
		/* Where nothing was done there is no latency. */
		for (size_t j = 0; j < 5; j++)
			if (point->done > 0)
				table_count(table, latencies[j], "%s", "");
			else
				table_cell(table, "%s", "");
	}
	return table;
}

static enum outcome
print(const struct context *context, const struct load_report *report)
{
	json_t *json;
	enum outcome outcome;

	if (context->format == FORMAT_CSV)
		return report->n_steps > 0
		    ? load_print_search(context, report)
		    : report_table(context, make_series(report));
	if (context->format != FORMAT_JSON) {
		outcome = report->n_steps > 0
		    ? load_print_search(context, report)
		    : OUTCOME_FINE;
		return outcome != OUTCOME_FINE ? outcome
					       : load_print(context, report);
	}
	json = load_to_json(report);
	outcome = show_json(context, json);
	json_decref(json);
	return outcome;
}

/* Writes a page, or whatever else. 0, or -1 with errno. */
typedef int write_file(const struct load_report *report, FILE *out);

static int
write_hgrm(const struct load_report *report, FILE *out)
{
	load_hgrm_write(&report->latency, out);
	return 0;
}

static enum outcome
save(const struct context *context, const struct load_report *report,
    const char *path, write_file *write)
{
	struct outfile file;
	int error;

	if (path == NULL)
		return OUTCOME_FINE;
	if (outfile_open(&file, path) == -1)
		return cannot_write(context, path);
	if (write(report, file.stream) == -1) {
		error = errno;
		outfile_abandon(&file);
		errno = error;
		return cannot_write(context, path);
	}
	return outfile_commit(&file) == -1 ? cannot_write(context, path)
					   : OUTCOME_FINE;
}

enum outcome
load_output(const struct context *context, const struct load_report *report,
    const struct load_files *files)
{
	enum outcome outcome = print(context, report);

	if (outcome == OUTCOME_FINE)
		outcome = save(context, report, files->html, load_html_write);
	if (outcome == OUTCOME_FINE)
		outcome = save(context, report, files->hgrm, write_hgrm);
	return outcome;
}
