/*
 * The machine's weather: whether something else than the experiment had a hand
 * in its figures. Two observations, one before it and one after, are judged
 * in words: CPU time stolen by the hypervisor, other work on the machine, and
 * a CPU whose speed is not what it was.
 */
#ifndef GILD_CLIENT_WEATHER_H
#define GILD_CLIENT_WEATHER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is told of; as fractions. */
#define WEATHER_STEAL 0.01 /* of all CPUs' time */
#define WEATHER_BUSY 0.10  /* the same: by others */
#define WEATHER_DRIFT 0.05

#define WEATHER_MAX_SENTENCES 4
#define WEATHER_SENTENCE_CHARS 255

struct weather_observation {
	uint32_t cpus;	  /* online */
	uint64_t busy_ns; /* these four: of all CPUs, since the start */
	uint64_t idle_ns;
	uint64_t irq_ns;   /* of busy_ns: in interrupts */
	uint64_t steal_ns; /* wanted, but the hypervisor ran another */
	double load;	   /* mean number that ran or wanted to, of a minute */
	uint64_t spin_ns;  /* CPU time that a fixed piece of work took */
};

struct weather {
	uint32_t cpus;
	double steal; /* of all CPUs' time between the observations */
	double busy;  /* the same: by others than the experiment */
	double load_before;
	double drift; /* of spin_ns: 0.06: the CPU has become 6 % slower */
	bool is_stolen, is_busy, is_drifting;
	/* Each says what it was and what to think of the figures. */
	size_t n_sentences; /* 0: fair weather */
	char sentences[WEATHER_MAX_SENTENCES][WEATHER_SENTENCE_CHARS + 1];
};

/*
 * Reads /proc/stat and /proc/loadavg, and spins for some ten milliseconds. 0,
 * or -1 with errno.
 */
int weather_observe(struct weather_observation *observation)
    __attribute__((warn_unused_result));

/*
 * The two files' texts, ticks being those of a second, into all but spin_ns. 0,
 * or -1: they are not written so.
 */
int weather_parse(const char *stat, const char *loadavg, uint64_t ticks,
    struct weather_observation *observation)
    __attribute__((warn_unused_result));

/*
 * own_cpu_ns is the CPU time that the experiment's jobs took in between, which
 * is no disturbance. Pure.
 */
struct weather weather_judge(const struct weather_observation *before,
    const struct weather_observation *after, uint64_t own_cpu_ns);

/*
 * {"cpus","steal","busy","load_before","drift","disturbances":[TEXT...]}: a new
 * reference, or NULL when memory ran out.
 */
json_t *weather_to_json(const struct weather *weather);
/* Reads that back, what is missing as 0. */
void weather_from_json(const json_t *json, struct weather *weather);

#endif
