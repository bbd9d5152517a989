/*
 * What a load run came to: the model that every output is made from. load.c
 * fills it in once, after the last answer; whoever writes text, JSON, CSV,
 * Markdown, HTML or .hgrm reads it and changes nothing.
 *
 * Words: a job is *scheduled* for a moment (open loop: by the rate; closed
 * loop: as soon as its client is free), then *sent*, then *answered*. It is
 * *done* when its answer says so, else it *failed*, for a reason, which is a
 * slug: of the protocol's table ("busy"), the state of a job that did not end
 * done ("timed_out"), or one of our own: "connection_lost", "unanswered" (when
 * the run was over). What could not be sent is *skipped*. At the end
 *
 *	scheduled = sent + skipped + not_sent
 *	sent = done + failed                (of every class and in all)
 *	failed = the sum of the errors' counts
 *
 * Latency is from the scheduled moment to the answer, of jobs that are done;
 * what happened to jobs scheduled in the warm-up is counted nowhere but in
 * `warm_up`. Durations are nanoseconds, moments nanoseconds since the start of
 * the run (the warm-up begins at 0, the measurement at warm_up_ns).
 *
 * As JSON (one object on one line; integers but where a unit says otherwise;
 * members in this order):
 *
 *	{"format":"gild-load","version":1,
 *	 "title":TEXT|null,"gilctl":"0.5.0","server":ADDRESS,"gild":"0.5.0",
 *	 "cpus":N,"started_unix_ms":N,"interrupted":BOOL,"seed":N,
 *	 "settings":{"mode":"open"|"closed","arrival":"poisson"|"uniform"|null,
 *	     "connections":N,"threads":N,"clients":N|null,"in_flight":N,
 *	     "warm_up_ns":N,"drain_ns":N,
 *	     "phases":[{"name":TEXT,"start_ns":N,"duration_ns":N,
 *	         "from_rate":REAL|null,"to_rate":REAL|null,"clients":N|null}],
 *	     "classes":[{"name":TEXT,"weight":N,"params":{of job.submit}}]},
 *	 "run_ns":N,"measured_ns":N,"drain_ns":N,"interval_ns":N,
 *	 "jobs":{"scheduled":N,"sent":N,"done":N,"failed":N,"skipped":N,
 *	     "not_sent":N,"skipped_down":N,"warm_up":N,"rate":REAL},
 *	 "late":{"jobs":N,"worst_ns":N,"over_ns":1000000},
 *	 "connections":{"lost":N,"reopened":N},
 *	 "errors":[{"reason":SLUG,"jobs":N,"example":TEXT}],
 *	 "latency":HISTOGRAM,"service":HISTOGRAM,
 *	 "parts":PARTS,"bands":[{"from":REAL,"to":REAL,"jobs":N,"low_ns":N,
 *	     "high_ns":N,"parts":PARTS}],
 *	 "by_class":[{"name":TEXT,"scheduled":N,...as in jobs...,
 *	     "latency":HISTOGRAM,"parts":PARTS}],
 *	 "by_phase":[{"name":TEXT,"measured_ns":N,...as in jobs...,
 *	     "latency":HISTOGRAM}],
 *	 "series":[{"start_ns":N,"length_ns":N,"scheduled":N,"sent":N,"done":N,
 *	     "failed":N,"p50_ns":N,"p99_ns":N,"max_ns":N,
 *	     "latency":{"precision":6,"buckets":[[BUCKET,COUNT],...]}}],
 *	 "generator":{"cpu_share":REAL,"busiest_share":REAL,"late_share":REAL,
 *	     "is_bottleneck":BOOL,"sentences":[TEXT]},
 *	 "weather":{as in compare},
 *	 "expectations":[{"text":TEXT,"actual":REAL|null,"met":BOOL}],
 *	 "search":{"steps":[{"rate":REAL,"done_rate":REAL,"met":BOOL,
 *	     "busiest_share":REAL,"late_share":REAL,"is_bottleneck":BOOL,
 *	     "expectations":[...]}],"best_rate":REAL|null}|null}
 *
 *	PARTS: {"client_ns":N,"way_ns":N,"queue_ns":N,"lock_wait_ns":N,
 *	     "run_ns":N,"dispatch_ns":N}
 *	HISTOGRAM: {"count":N,"min_ns":N,"max_ns":N,"mean_ns":N,"sum_ns":N,
 *	     "p50_ns":N,"p75_ns":N,"p90_ns":N,"p99_ns":N,"p99_9_ns":N,
 *	     "p99_99_ns":N,"precision":10,"buckets":[[BUCKET,COUNT],...]}
 */
#ifndef GILD_CLIENT_LOAD_REPORT_H
#define GILD_CLIENT_LOAD_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/hdr.h"
#include "client/load_expect.h"
#include "client/load_script.h"
#include "client/weather.h"
#include "proto/rpcerror.h"

#define LOAD_LATE_NS UINT64_C(1000000) /* behind by more: told of */
#define LOAD_MAX_ERRORS 32	       /* reasons; the rest under "other" */
#define LOAD_SLUG_CHARS 31
#define LOAD_EXAMPLE_CHARS 159
#define LOAD_BANDS 5
#define LOAD_MAX_SENTENCES 4
#define LOAD_SENTENCE_CHARS 255

/* Where the latency of a job went; the parts add up to it. */
enum load_part {
	LOAD_CLIENT, /* scheduled, and not sent yet: the generator's own */
	LOAD_WAY,    /* sent, and not read by the server, or the answer by us */
	LOAD_QUEUE,  /* arrived, and no task has begun */
	LOAD_LOCK_WAIT, /* a task waits for the lock (mean of the workers) */
	LOAD_RUN,	/* it runs, or waits for a CPU, or sleeps */
	LOAD_DISPATCH,	/* all tasks have ended, and it is not answered */
	LOAD_PARTS
};

struct load_parts {
	uint64_t ns[LOAD_PARTS];
};

/* What became of jobs: see above. */
struct load_counts {
	uint64_t scheduled;
	uint64_t sent;
	uint64_t done;
	uint64_t failed;
	uint64_t skipped;  /* no connection stood, or had room, at its moment */
	uint64_t not_sent; /* was still to be sent when the run ended */
};

struct load_error_row {
	char reason[LOAD_SLUG_CHARS + 1];
	uint64_t jobs;
	char example[LOAD_EXAMPLE_CHARS +
	    1]; /* what the first one said, or "" */
};

/* The jobs whose latency is between two fractions of all. */
struct load_band {
	double from, to; /* 0.5, 0.9 */
	uint64_t jobs;
	uint64_t low_ns, high_ns; /* its bounds */
	struct load_parts parts;  /* sums over its jobs */
};

struct load_class_row {
	struct load_counts counts; /* of class settings->classes[i] */
	struct hdr latency;	   /* HDR_FINE */
	struct load_parts parts;   /* sums over the jobs that are done */
};

struct load_phase_row {
	struct load_counts counts; /* of settings->phases[i], by schedule */
	uint64_t measured_ns;	   /* of it: behind the warm-up, and run */
	struct hdr latency;	   /* HDR_FINE */
};

/*
 * A stretch of the run: what happened in it, whenever it was scheduled. The
 * first one begins with the measurement, the last ones are of the drain.
 */
struct load_point {
	uint64_t start_ns;
	uint64_t length_ns; /* interval_ns, but for the last one */
	uint64_t scheduled;
	uint64_t sent;
	uint64_t done; /* this and what follows: answered in it */
	uint64_t failed;
	uint64_t p50_ns; /* of latencies; 0 where none was done */
	uint64_t p99_ns;
	uint64_t max_ns;
	struct hdr latency; /* HDR_COARSE: of what was done in it */
};

/* Whether the figures are the server's, or of who asked. */
struct load_generator {
	double cpu_share;     /* of all CPUs' time in the run, by gilctl */
	double busiest_share; /* of one thread: 0.98 of its run on a CPU */
	double late_share;    /* of the jobs: sent late, or not any more */
	bool is_bottleneck;
	size_t n_sentences; /* what to think of it; also of skipped and late */
	char sentences[LOAD_MAX_SENTENCES][LOAD_SENTENCE_CHARS + 1];
};

struct load_expectation_row {
	const struct load_expectation *expectation; /* of the script's */
	bool is_known; /* a percentile of nothing is not */
	double actual; /* in its metric's unit: load_expect.h */
	bool is_met;
};

/* One run of --find-max. */
struct load_step {
	double rate; /* jobs a second: asked for */
	double done_rate;
	double actual[LOAD_MAX_EXPECTATIONS]; /* as in the row above */
	bool is_known[LOAD_MAX_EXPECTATIONS];
	bool is_met;	      /* all of them, and the rate was held */
	double busiest_share; /* these three: as in load_generator */
	double late_share;
	bool is_bottleneck;
};

struct load_report {
	const struct load_script *script; /* what was asked for; borrowed */
	const char *server;		  /* borrowed */
	char gild[32];			  /* its version */
	uint32_t cpus;			  /* that it sees */
	uint64_t started_unix_ms;
	bool is_interrupted;
	uint32_t connections; /* these two: that there were */
	uint32_t threads;
	uint64_t run_ns;      /* to the end of sending; below the script's
				 where it was interrupted */
	uint64_t measured_ns; /* of it: behind the warm-up */
	uint64_t drain_ns;    /* how long the last answers took */

	struct load_counts counts;
	double rate; /* jobs done a second: answered while it was measured */
	uint64_t skipped_down; /* of counts.skipped: no connection stood */
	uint64_t warm_up;      /* jobs scheduled in it, counted nowhere else */
	uint64_t late;	       /* sent more than LOAD_LATE_NS behind schedule */
	uint64_t worst_late_ns;
	uint64_t lost; /* connections */
	uint64_t reopened;
	size_t n_errors; /* the most frequent first */
	struct load_error_row errors[LOAD_MAX_ERRORS];

	struct hdr latency; /* HDR_FINE: from the scheduled moment */
	struct hdr service; /* HDR_FINE: from the moment it was sent */
	struct load_parts parts;
	struct load_band bands[LOAD_BANDS];
	struct load_class_row *classes; /* script->n_classes of them */
	struct load_phase_row *phases;	/* script->n_phases of them */

	uint64_t interval_ns; /* of the series */
	size_t n_points;
	struct load_point *points;

	struct load_generator generator;
	struct weather weather;

	size_t n_expectations;
	struct load_expectation_row expectations[LOAD_MAX_EXPECTATIONS];

	/* --find-max: all of the above is of the best run, or the last. */
	size_t n_steps; /* 0: it was not asked for */
	struct load_step *steps;
	double best_rate; /* 0: even the least did not hold */
};

/* "client", "way", "queue", "lock wait", "run", "dispatch": a heading. */
const char *load_part_label(enum load_part part);
/* "client_ns", "way_ns", "queue_ns", "lock_wait_ns", ...: for programs. */
const char *load_part_name(enum load_part part);
void load_parts_add(struct load_parts *sum, const struct load_parts *add);
uint64_t load_parts_total(const struct load_parts *parts);
/* A part's share of the whole, 0 to 1; 0 of nothing. */
double load_parts_share(const struct load_parts *parts, enum load_part part);

/* Jobs done in a second of the time measured; 0 where there was none. */
double load_rate(uint64_t jobs, uint64_t ns);

/* Memory for a script's classes and phases: 0, or -1; free is due anyway. */
int load_report_init(struct load_report *report,
    const struct load_script *script) __attribute__((warn_unused_result));
void load_report_free(struct load_report *report);

#endif
