/*
 * The page: its head, what it comes to, the pictures, and what it was. The
 * tables are load_html_tables.c's.
 *
 * Classes of the page are other ones than those of pictures (svg.h), for both
 * have one style sheet.
 *
 * Pure but for the stream.
 */
#include "client/load_html.h"

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "client/html.h"
#include "client/load_html_private.h"
#include "client/load_plot.h"
#include "client/load_print.h"
#include "client/markup.h"
#include "client/panel.h"
#include "client/svg.h"
#include "client/units.h"

static const char page_style[] =
    ":root{color-scheme:light dark;--back:#f3f5f8;--card:#ffffff;"
    "--ink:#24292f;--dim:#656d76;--rule:#d8dee4;--good:#1a7f37;"
    "--bad:#c4262e;--warn:#9a6700;--warn-back:#fff8e1}\n"
    "@media (prefers-color-scheme:dark){:root{--back:#05080d;"
    "--card:#0d1117;--ink:#e6edf3;--dim:#9198a1;--rule:#262c36;"
    "--good:#3fb950;--bad:#ff7b72;--warn:#e3b341;--warn-back:#1f1a0c}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--back);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Liberation Sans',Arial,sans-serif;"
    "-webkit-text-size-adjust:100%}\n"
    "main{max-width:1080px;margin:0 auto;padding:28px 20px 40px}\n"
    "h1{font-size:26px;line-height:1.25;margin:0 0 4px}\n"
    "h2{font-size:17px;margin:0 0 2px}\n"
    "header p,.lead{margin:0;color:var(--dim)}\n"
    ".lead{margin-bottom:12px;font-size:14px}\n"
    ".card{background:var(--card);border:1px solid var(--rule);"
    "border-radius:12px;padding:18px 20px;margin-top:16px}\n"
    ".figures{display:grid;gap:12px;margin-top:20px;"
    "grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}\n"
    ".figure{background:var(--card);border:1px solid var(--rule);"
    "border-radius:12px;padding:12px 16px}\n"
    ".figure span{display:block;color:var(--dim);font-size:13px}\n"
    ".figure b{display:block;font-size:25px;line-height:1.3;"
    "font-weight:650;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}\n"
    ".warning{background:var(--warn-back);border:1px solid var(--rule);"
    "border-left:4px solid var(--warn);border-radius:8px;"
    "padding:10px 14px;margin:14px 0 0}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:14px;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:6px 10px;border-bottom:1px solid var(--rule);"
    "text-align:right;white-space:nowrap;vertical-align:top}\n"
    "th:first-child,td:first-child{text-align:left;padding-left:0}\n"
    "th:last-child,td:last-child{padding-right:0}\n"
    "thead th{color:var(--dim);font-weight:500}\n"
    "tbody th{font-weight:500}\n"
    "tbody tr:last-child>*{border-bottom:0}\n"
    ".text td,.text th{text-align:left;white-space:normal}\n"
    ".text td+td,.text td:last-child{overflow-wrap:anywhere}\n"
    ".pairs{display:grid;grid-template-columns:1fr 1fr;gap:16px}\n"
    ".pairs .card{min-width:0}\n"
    ".inbar{fill:#ffffff;font-weight:600;pointer-events:none}\n"
    "code{font-family:ui-monospace,'Liberation Mono',monospace;"
    "font-size:13px}\n"
    "footer{color:var(--dim);font-size:13px;margin-top:20px}\n"
    "@media (prefers-color-scheme:dark){.inbar{fill:#0d1117}}\n"
    "@media (max-width:640px){main{padding:18px 12px 28px}"
    ".card{padding:14px;border-radius:10px}h1{font-size:22px}"
    ".pairs{grid-template-columns:1fr}"
    ".figures{grid-template-columns:1fr 1fr;gap:10px}"
    ".figure{padding:10px 12px}.figure b{font-size:21px}}\n"
    "@media print{body{background:#fff}.card{break-inside:avoid}}\n";

void
load_html_card_open(FILE *out, const char *title, const char *lead)
{
	fputs("<section class=\"card\">\n", out);
	html_put(out, "h2", NULL, "%s", title);
	if (lead != NULL)
		html_put(out, "p", "lead", "%s", lead);
}

void
load_html_card_close(FILE *out)
{
	fputs("</section>\n", out);
}

const char *
load_html_time(uint64_t unix_ms, char text[LOAD_HTML_TIME_CHARS])
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL ||
	    strftime(text, LOAD_HTML_TIME_CHARS, "%Y-%m-%d %H:%M:%S UTC",
		&parts) == 0)
		text[0] = '\0';
	return text;
}

static void
write_head(const char *title, FILE *out)
{
	fputs("<!DOCTYPE html>\n"
	      "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
	      "<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" "
	      "content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta name=\"generator\" content=\"gilctl " PACKAGE_VERSION
	      "\"/>\n",
	    out);
	html_put(out, "title", NULL, "%s", title);
	fputs("<style>\n", out);
	fputs(svg_style(), out);
	fputs(panel_style, out);
	fputs(load_plot_style, out);
	fputs(page_style, out);
	fputs("</style>\n</head>\n<body>\n<main>\n", out);
}

/* What was run, with what, and when. */
static void
write_header(const struct load_report *report, const char *title, FILE *out)
{
	char setting[256], time[LOAD_HTML_TIME_CHARS];

	load_describe_setting(report, setting, sizeof(setting));
	fputs("<header>\n", out);
	html_put(out, "h1", NULL, "%s", title);
	html_put(out, "p", NULL, "%s; %s%s", setting,
	    load_html_time(report->started_unix_ms, time),
	    report->is_interrupted ? "; interrupted" : "");
	fputs("</header>\n", out);
}

static void
write_figure(FILE *out, const char *what, const char *class, const char *text)
{
	fputs("<div class=\"figure\">\n", out);
	html_put(out, "span", NULL, "%s", what);
	html_put(out, "b", class, "%s", text);
	fputs("</div>\n", out);
}

/* The six figures that most people came for. */
static void
write_figures(const struct load_report *report, FILE *out)
{
	const struct hdr *latency = &report->latency;
	static const struct {
		const char *what;
		double fraction;
	} rows[] = {{"median latency", 0.5}, {"p99", 0.99}, {"p99.9", 0.999},
	    {"greatest", 1}};

	fputs("<div class=\"figures\">\n", out);
	write_figure(out, "jobs a second", NULL,
	    units_count((uint64_t)(report->rate + 0.5)).text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		write_figure(out, rows[i].what, NULL,
		    hdr_has_quantile(latency, rows[i].fraction)
			? units_duration(
			      hdr_quantile(latency, rows[i].fraction))
			      .text
			: "-");
	write_figure(out, "failed or not sent",
	    load_html_missing(report) > 0 ? "bad" : "good",
	    units_count(load_html_missing(report)).text);
	fputs("</div>\n", out);
}

uint64_t
load_html_missing(const struct load_report *report)
{
	const struct load_counts *counts = &report->counts;

	return counts->failed + counts->skipped + counts->not_sent;
}

static void
write_warnings(const struct load_report *report, FILE *out)
{
	const struct load_generator *generator = &report->generator;

	for (size_t i = 0; i < generator->n_sentences; i++)
		html_put(out, "p", "warning", "%s", generator->sentences[i]);
	for (size_t i = 0; i < report->weather.n_sentences; i++)
		html_put(
		    out, "p", "warning", "%s", report->weather.sentences[i]);
}

/* A picture of what is there: nothing is drawn of nothing. */
static int
write_pictures(const struct load_report *report, FILE *out)
{
	static const struct {
		const char *title;
		const char *lead;
		int (*draw)(const struct load_report *report, FILE *out);
	} pictures[] = {
	    {"Latency by percentile",
		"From the moment that a job was scheduled for to its answer, "
		"so that a server that stands still is seen. Each step to the "
		"right is one nine more.",
		load_plot_percentiles},
	    {"Latency over time",
		"The darker, the more jobs were answered with such a latency "
		"in that stretch of the run.",
		load_plot_latency},
	    {"Jobs a second", NULL, load_plot_rate},
	    {"Where the time went",
		"Of all jobs, of the fastest ones to the slowest, and of each "
		"class; beside each bar the mean latency that it stands for.",
		load_plot_bands},
	};

	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		if (report->counts.done == 0 &&
		    pictures[i].draw != load_plot_rate)
			continue;
		load_html_card_open(out, pictures[i].title, pictures[i].lead);
		if (pictures[i].draw(report, out) == -1)
			return -1;
		load_html_card_close(out);
	}
	return 0;
}

static void
write_footer(FILE *out)
{
	fputs("<footer>\n", out);
	html_put(out, "p", NULL,
	    "client: not sent yet, though its moment had come; way: on the "
	    "way to the server and back; queue: no task of it had begun; lock "
	    "wait: its tasks waited for the lock; run: its tasks ran; "
	    "dispatch: between its tasks and its answer. The server's own "
	    "clocks say so, in each answer.");
	html_put(out, "p", NULL, "Made by gilctl %s. See gilctl(1), load.",
	    PACKAGE_VERSION);
	fputs("</footer>\n</main>\n</body>\n</html>\n", out);
}

int
load_html_write(const struct load_report *report, FILE *out)
{
	char title[LOAD_TITLE_CHARS + 1];

	load_describe(report->script, title, sizeof(title));
	write_head(title, out);
	write_header(report, title, out);
	write_figures(report, out);
	write_warnings(report, out);
	load_html_write_expectations(report, out);
	load_html_write_search(report, out);
	if (write_pictures(report, out) == -1)
		return -1;
	load_html_write_classes(report, out);
	load_html_write_phases(report, out);
	load_html_write_errors(report, out);
	fputs("<div class=\"pairs\">\n", out);
	load_html_write_percentiles(report, out);
	load_html_write_outcome(report, out);
	fputs("</div>\n", out);
	load_html_write_plan(report, out);
	write_footer(out);
	if (fflush(out) == EOF || ferror(out)) {
		errno = errno != 0 ? errno : EIO;
		return -1;
	}
	return 0;
}
