/* Owns: the report's memory, and the arithmetic that all its readers share. */
#include "client/load_report.h"

#include <stdlib.h>

#include "client/parts.h"

static const struct {
	const char *label;
	const char *name;
} parts_told[LOAD_PARTS] = {
    [LOAD_CLIENT] = {"client", "client_ns"},
    [LOAD_WAY] = {"way", "way_ns"},
    [LOAD_QUEUE] = {"queue", "queue_ns"},
    [LOAD_LOCK_WAIT] = {"lock wait", "lock_wait_ns"},
    [LOAD_RUN] = {"run", "run_ns"},
    [LOAD_DISPATCH] = {"dispatch", "dispatch_ns"},
};

const char *
load_part_label(enum load_part part)
{
	return parts_told[part].label;
}

const char *
load_part_name(enum load_part part)
{
	return parts_told[part].name;
}

void
load_parts_add(struct load_parts *sum, const struct load_parts *add)
{
	parts_add(sum->ns, add->ns, LOAD_PARTS);
}

uint64_t
load_parts_total(const struct load_parts *parts)
{
	return parts_total(parts->ns, LOAD_PARTS);
}

double
load_parts_share(const struct load_parts *parts, enum load_part part)
{
	return parts_share(parts->ns, LOAD_PARTS, part);
}

double
load_rate(uint64_t jobs, uint64_t ns)
{
	return ns > 0 ? (double)jobs * 1e9 / (double)ns : 0;
}

int
load_report_init(struct load_report *report, const struct load_script *script)
{
	*report = (struct load_report){.script = script};
	report->classes = calloc(script->n_classes, sizeof(report->classes[0]));
	report->phases = calloc(script->n_phases, sizeof(report->phases[0]));
	if (report->classes == NULL || report->phases == NULL ||
	    hdr_init(&report->latency, HDR_FINE) == -1 ||
	    hdr_init(&report->service, HDR_FINE) == -1)
		return -1;
	for (size_t i = 0; i < script->n_classes; i++)
		if (hdr_init(&report->classes[i].latency, HDR_FINE) == -1)
			return -1;
	for (size_t i = 0; i < script->n_phases; i++)
		if (hdr_init(&report->phases[i].latency, HDR_FINE) == -1)
			return -1;
	return 0;
}

void
load_report_free(struct load_report *report)
{
	const struct load_script *script = report->script;

	if (script == NULL)
		return;
	for (size_t i = 0; report->classes && i < script->n_classes; i++)
		hdr_free(&report->classes[i].latency);
	for (size_t i = 0; report->phases && i < script->n_phases; i++)
		hdr_free(&report->phases[i].latency);
	for (size_t i = 0; report->points && i < report->n_points; i++)
		hdr_free(&report->points[i].latency);
	hdr_free(&report->latency);
	hdr_free(&report->service);
	free(report->classes);
	free(report->phases);
	free(report->points);
	free(report->steps);
	*report = (struct load_report){0};
}
