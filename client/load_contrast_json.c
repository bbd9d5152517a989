/* A contrast as JSON. Figures that are not known are null. Pure. */
#include "client/load_contrast.h"

#include <math.h>

static json_t *
real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
estimate_to_json(struct estimate estimate)
{
	return json_pack("{s:o, s:o, s:o}", "value", real(estimate.value),
	    "low", real(estimate.low), "high", real(estimate.high));
}

static json_t *
row_to_json(const struct contrast_row *row, const char *change)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:s}", "name", row->name, "a",
	    estimate_to_json(row->a), "b", estimate_to_json(row->b), change,
	    estimate_to_json(row->change), "seen",
	    contrast_change_name(row->seen));
}

static json_t *
rows_to_json(const struct load_contrast *contrast)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		if (json_array_append_new(rows,
			row_to_json(&contrast->quantiles[i], "ratio")) == -1) {
			json_decref(rows);
			return NULL;
		}
	return rows;
}

static json_t *
parts_to_json(const struct load_report *report)
{
	json_t *json = json_object();

	for (unsigned part = 0; part < LOAD_PARTS; part++) {
		double mean_ns = report->counts.done > 0
		    ? (double)report->parts.ns[part] /
			(double)report->counts.done
		    : 0;

		if (json_object_set_new(
			json, load_part_name(part), json_real(mean_ns)) == -1) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

static json_t *
sentences_to_json(const struct contrast_sentences *sentences)
{
	json_t *json = json_array();

	for (size_t i = 0; i < sentences->n; i++)
		if (json_array_append_new(
			json, json_string(sentences->text[i])) == -1) {
			json_decref(json);
			return NULL;
		}
	return json;
}

json_t *
load_contrast_to_json(const struct load_contrast *contrast)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o}",
	    "latency_ns", rows_to_json(contrast), "rate",
	    row_to_json(&contrast->rate, "ratio"), "failed",
	    row_to_json(&contrast->failed, "difference"), "not_sent",
	    row_to_json(&contrast->not_sent, "difference"), "mean_parts_ns",
	    "a", parts_to_json(contrast->a), "b", parts_to_json(contrast->b),
	    "differences", sentences_to_json(&contrast->differences),
	    "warnings", sentences_to_json(&contrast->warnings), "verdict",
	    sentences_to_json(&contrast->verdict));
}
