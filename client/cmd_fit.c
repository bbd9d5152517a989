/*
 * gilctl fit: the laws of scalability fitted to anybody's figures, one point a
 * line. It needs no server.
 */
#include "client/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chart.h"
#include "client/fit.h"
#include "client/report.h"
#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"

#define MAX_POINTS 4096
#define CURVE_POINTS 121
#define LINE_BYTES 256

struct settings {
	const char *picture; /* or NULL */
};

/* What is read, and what is found. */
struct study {
	const struct context *context;
	const char *path;
	struct fit_point points[MAX_POINTS];
	size_t n_points;
	struct fit fits[FIT_LAWS];
	size_t n_fits;
};

/* "N X", apart by blanks or a comma; a '#' begins a remark. */
static bool
read_point(char *line, struct fit_point *point)
{
	char *end;

	errno = 0;
	point->n = strtod(line, &end);
	if (end == line || errno != 0)
		return false;
	line = end + strspn(end, " \t,;");
	point->x = strtod(line, &end);
	if (end == line || errno != 0)
		return false;
	return end[strspn(end, " \t\r\n")] == '\0';
}

static enum outcome
read_points(struct study *study, FILE *in)
{
	const struct command *command = study->context->command;
	char line[LINE_BYTES];

	for (unsigned number = 1; fgets(line, sizeof(line), in) != NULL;
	     number++) {
		struct fit_point point;

		line[strcspn(line, "#")] = '\0';
		if (line[strspn(line, " \t\r\n")] == '\0')
			continue;
		if (!read_point(line, &point)) {
			command_complain(command,
			    "%s:%u: not a point: write N and X, such as "
			    "\"4 1652.4\"",
			    study->path, number);
			return OUTCOME_USAGE;
		}
		if (study->n_points == MAX_POINTS) {
			command_complain(command, "%s:%u: more than %d points",
			    study->path, number, MAX_POINTS);
			return OUTCOME_USAGE;
		}
		study->points[study->n_points++] = point;
	}
	if (!ferror(in))
		return OUTCOME_FINE;
	command_complain(command, "%s: %s", study->path, strerror(errno));
	return OUTCOME_USAGE;
}

static enum outcome
read_file(struct study *study, const char *path)
{
	enum outcome outcome;
	FILE *in;

	if (strcmp(path, "-") == 0) {
		study->path = "standard input";
		return read_points(study, stdin);
	}
	study->path = path;
	in = fopen(path, "re");
	if (in == NULL) {
		command_complain(
		    study->context->command, "%s: %s", path, strerror(errno));
		return OUTCOME_USAGE;
	}
	outcome = read_points(study, in);
	fclose(in);
	return outcome;
}

/* Whatever law can be fitted; what cannot, and why, is said. */
static enum outcome
find_fits(struct study *study)
{
	for (unsigned law = 0; law < FIT_LAWS; law++) {
		enum fit_status status = fit_find(law, study->points,
		    study->n_points, &study->fits[study->n_fits]);

		if (status == FIT_FINE)
			study->n_fits++;
		else
			command_complain(study->context->command, "%s: %s: %s",
			    study->path, fit_law_name(law),
			    fit_status_text(status));
	}
	return study->n_fits > 0 ? OUTCOME_FINE : OUTCOME_USAGE;
}

static enum outcome
show_fits_json(const struct study *study)
{
	json_t *fits = json_array();
	json_t *json;
	enum outcome outcome;

	for (size_t i = 0; i < study->n_fits; i++)
		if (json_array_append_new(fits, fit_to_json(&study->fits[i])) ==
		    -1) {
			json_decref(fits);
			return talk_no_memory(study->context);
		}
	json = json_pack(
	    "{s:I, s:o}", "points", (json_int_t)study->n_points, "fits", fits);
	outcome = show_json(study->context, json);
	json_decref(json);
	return outcome;
}

/* Its value and, after it, its standard error. */
static void
add_coefficient(struct table *table, const struct fit_coefficient *coefficient)
{
	table_real(table, coefficient->value, "%.6g", coefficient->value);
	if (coefficient->is_bound)
		table_word(table, "", "at its bound");
	else
		table_real(
		    table, coefficient->error, "+- %.2g", coefficient->error);
}

static struct table *
make_table(const struct study *study)
{
	struct table *table = table_new();

	table_column_named(table, TABLE_LEFT, "", "law");
	table_column_named(table, TABLE_RIGHT, "gamma", "gamma");
	table_column_named(table, TABLE_LEFT, "", "gamma_error");
	table_column_named(table, TABLE_RIGHT, "contention", "contention");
	table_column_named(table, TABLE_LEFT, "", "contention_error");
	table_column_named(table, TABLE_RIGHT, "coherency", "coherency");
	table_column_named(table, TABLE_LEFT, "", "coherency_error");
	table_column_named(table, TABLE_MACHINE, "", "rmse");
	table_column_named(table, TABLE_MACHINE, "", "r_squared");
	table_column_named(table, TABLE_MACHINE, "", "peak_n");
	table_column_named(table, TABLE_MACHINE, "", "peak_x");
	for (size_t i = 0; i < study->n_fits; i++) {
		const struct fit *fit = &study->fits[i];

		table_cell(table, "%s",
		    fit->law == FIT_AMDAHL ? "Amdahl" : "universal");
		add_coefficient(table, &fit->gamma);
		add_coefficient(table, &fit->sigma);
		if (fit->law == FIT_AMDAHL) {
			table_word(table, "", "-");
			table_cell(table, "%s", "");
		} else {
			add_coefficient(table, &fit->kappa);
		}
		table_real(table, fit->rmse, "%s", "");
		table_real(table, fit->r_squared, "%s", "");
		if (fit->has_peak) {
			table_real(table, fit->peak_n, "%s", "");
			table_real(table, fit->peak_x, "%s", "");
		} else {
			table_cell(table, "%s", "");
			table_cell(table, "%s", "");
		}
	}
	return table;
}

static void
describe(const struct fit *fit, const struct term *term)
{
	char end[160];
	char text[320];

	if (fit->has_peak)
		snprintf(end, sizeof(end),
		    "throughput peaks at N = %.1f with X = %.4g", fit->peak_n,
		    fit->peak_x);
	else if (fit->sigma.value > 0)
		snprintf(end, sizeof(end),
		    "throughput never exceeds X = %.4g, however many take part",
		    fit->gamma.value / fit->sigma.value);
	else
		snprintf(end, sizeof(end),
		    "each one more adds as much as the "
		    "first");
	snprintf(text, sizeof(text),
	    "%s: %s. R^2 is %.4f; the points miss the curve by %.3g (root mean "
	    "square).",
	    fit_law_name(fit->law), end, fit->r_squared, fit->rmse);
	show_sentence(term, TERM_PLAIN, text);
}

/* The points, and a smooth curve for each law. */
struct picture {
	struct chart_series series[1 + FIT_LAWS];
	struct chart_point points[MAX_POINTS];
	struct chart_point curves[FIT_LAWS][CURVE_POINTS];
	char subtitle[160];
};

static void
make_curve(const struct fit *fit, double last, struct chart_point curve[])
{
	for (size_t i = 0; i < CURVE_POINTS; i++) {
		double part = (double)i / (CURVE_POINTS - 1);
		double n = 1 + part * (last - 1);

		curve[i] = (struct chart_point){
		    .x = estimate_exact(n),
		    .y = estimate_exact(fit_at(fit, n)),
		};
	}
}

/* Of the last fit, the law with the most to say. */
static void
write_subtitle(const struct fit *fit, char *text, size_t size)
{
	int used = snprintf(text, size, "%s: contention %.3g, coherency %.3g",
	    fit_law_name(fit->law), fit->sigma.value, fit->kappa.value);

	if (fit->has_peak && used > 0 && (size_t)used < size)
		snprintf(text + used, size - (size_t)used,
		    "; peak X = %.4g at N = %.1f", fit->peak_x, fit->peak_n);
}

/* The chart's parts stand in *picture. */
static struct chart
make_chart(const struct study *study, struct picture *picture)
{
	struct chart chart = {
	    .title = "Throughput, and the laws fitted to it",
	    .subtitle = picture->subtitle,
	    .x = {.label = "N", .has_zero = true},
	    .y = {.label = "X", .has_zero = true},
	    .series = picture->series,
	    .n_series = 1 + study->n_fits,
	};
	double last = 1;

	write_subtitle(&study->fits[study->n_fits - 1], picture->subtitle,
	    sizeof(picture->subtitle));
	for (size_t i = 0; i < study->n_points; i++) {
		picture->points[i].x = estimate_exact(study->points[i].n);
		picture->points[i].y = estimate_exact(study->points[i].x);
		if (study->points[i].n > last)
			last = study->points[i].n;
	}
	picture->series[0] = (struct chart_series){
	    .name = "measured",
	    .mark = CHART_POINTS,
	    .points = picture->points,
	    .n_points = study->n_points,
	};
	for (size_t i = 0; i < study->n_fits; i++) {
		bool is_amdahl = study->fits[i].law == FIT_AMDAHL;

		make_curve(&study->fits[i], last, picture->curves[i]);
		picture->series[1 + i] = (struct chart_series){
		    .name = is_amdahl ? "Amdahl" : "universal",
		    .mark = CHART_CURVE,
		    .is_dashed = is_amdahl,
		    .colour = is_amdahl ? 1 : 2,
		    .points = picture->curves[i],
		    .n_points = CURVE_POINTS,
		};
	}
	return chart;
}

static enum outcome
show_fits(const struct study *study, const struct chart *chart)
{
	const struct context *context = study->context;
	const struct term *term = &context->out;
	enum outcome outcome;

	if (context->format == FORMAT_JSON)
		return show_fits_json(study);
	outcome = show_table(context, make_table(study));
	if (outcome != OUTCOME_FINE || !format_has_words(context->format))
		return outcome;
	fputc('\n', term->stream);
	for (size_t i = 0; i < study->n_fits; i++)
		describe(&study->fits[i], term);
	if (context->format != FORMAT_TEXT)
		return OUTCOME_FINE;
	fputc('\n', term->stream);
	return chart_print(chart, term) == -1 ? talk_no_memory(context)
					      : OUTCOME_FINE;
}

static enum outcome
run_fit(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct settings *settings = settings_given;
	struct study *study = calloc(1, sizeof(*study));
	struct picture *picture = calloc(1, sizeof(*picture));
	struct chart chart;
	enum outcome outcome;

	if (study == NULL || picture == NULL) {
		outcome = talk_no_memory(context);
		goto out;
	}
	study->context = context;
	outcome = report_check_picture(context, settings->picture);
	if (outcome == OUTCOME_FINE)
		outcome = read_file(study, operands[0]);
	if (outcome == OUTCOME_FINE)
		outcome = find_fits(study);
	if (outcome != OUTCOME_FINE)
		goto out;
	chart = make_chart(study, picture);
	outcome = show_fits(study, &chart);
	if (outcome == OUTCOME_FINE)
		outcome = report_save(context, &chart, 1, settings->picture);
out:
	free(picture);
	free(study);
	return outcome;
}

static const struct settings defaults = {.picture = NULL};

static const struct option_row options[] = {
    {"output", 'o', "FILE.svg", OPTION_TEXT, offsetof(struct settings, picture),
	0, 0, "draw the points and the curves into it"},
    {0},
};

const struct command command_fit = {
    .name = "fit",
    .operands = "FILE|-",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Fit the laws of scalability to points N X",
    .notes =
	"Fits Amdahl's law and the Universal Scalability Law to throughput X "
	"of N\nworkers. Each line of FILE, or of standard input, is a point: "
	"\"4 1652.4\".\nIt needs no server.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_fit,
};
