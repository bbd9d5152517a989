/* Owns: the report's memory, and the arithmetic that all its readers share. */
#include "client/load_report.h"

#include <stdlib.h>

const char *
load_part_label(enum load_part part)
{
	static const char *const labels[LOAD_PARTS] = {
	    [LOAD_CLIENT] = "client",
	    [LOAD_WAY] = "way",
	    [LOAD_QUEUE] = "queue",
	    [LOAD_LOCK_WAIT] = "lock wait",
	    [LOAD_RUN] = "run",
	    [LOAD_DISPATCH] = "dispatch",
	};

	return labels[part];
}

const char *
load_part_name(enum load_part part)
{
	static const char *const names[LOAD_PARTS] = {
	    [LOAD_CLIENT] = "client_ns",
	    [LOAD_WAY] = "way_ns",
	    [LOAD_QUEUE] = "queue_ns",
	    [LOAD_LOCK_WAIT] = "lock_wait_ns",
	    [LOAD_RUN] = "run_ns",
	    [LOAD_DISPATCH] = "dispatch_ns",
	};

	return names[part];
}

void
load_parts_add(struct load_parts *sum, const struct load_parts *add)
{
	for (size_t i = 0; i < LOAD_PARTS; i++)
		sum->ns[i] += add->ns[i];
}

uint64_t
load_parts_total(const struct load_parts *parts)
{
	uint64_t total_ns = 0;

	for (size_t i = 0; i < LOAD_PARTS; i++)
		total_ns += parts->ns[i];
	return total_ns;
}

double
load_parts_share(const struct load_parts *parts, enum load_part part)
{
	uint64_t total_ns = load_parts_total(parts);

	return total_ns > 0 ? (double)parts->ns[part] / (double)total_ns : 0;
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
