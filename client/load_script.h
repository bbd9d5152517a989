/*
 * What a load run is to do: the phases, the mix of jobs, how they are sent. It
 * comes from the command line or from a file, in JSON:
 *
 *	{"title": "mornings",
 *	 "mode": "open", "arrival": "poisson",
 *	 "connections": 4, "threads": 2, "in_flight": 1000, "seed": 7,
 *	 "warm_up_ms": 1000, "drain_ms": 5000,
 *	 "phases": [{"name": "ramp", "for_ms": 5000, "from": 100, "to": 2000},
 *		    {"name": "hold", "for_ms": 10000, "rate": 2000}],
 *	 "classes": [{"name": "tiny", "weight": 9, "count": 1},
 *		     {"name": "long", "weight": 1, "count": 1000000,
 *		      "pool": "threads", "workers": 2, "timeout_ms": 500}],
 *	 "expect": "p99<20ms,errors=0"}
 *
 * A closed loop has "mode": "closed", "clients": 8 and phases of {"for_ms"} or
 * {"for_ms", "clients"}. A class has a name, a weight and the params of
 * job.submit. The warm-up comes before the first phase, at its first rate.
 */
#ifndef GILD_CLIENT_LOAD_SCRIPT_H
#define GILD_CLIENT_LOAD_SCRIPT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "client/load_expect.h"
#include "proto/request.h"
#include "proto/rpcerror.h"

#define LOAD_NAME_CHARS 31
#define LOAD_TITLE_CHARS 127
#define LOAD_MAX_PHASES 64
#define LOAD_MAX_CLASSES 32
#define LOAD_MAX_CONNECTIONS 1024
#define LOAD_MAX_THREADS 64
#define LOAD_MAX_CLIENTS 100000
#define LOAD_MAX_IN_FLIGHT 1000000
#define LOAD_MAX_RATE 1e7			 /* jobs a second */
#define LOAD_MAX_DURATION_MS UINT64_C(604800000) /* of all: seven days */
#define LOAD_NO_SEED UINT64_MAX

enum load_mode {
	LOAD_OPEN,   /* jobs come at a rate, whatever the server does */
	LOAD_CLOSED, /* each client sends when it has an answer */
};

enum load_arrival {
	LOAD_POISSON, /* independent of each other, as many users are */
	LOAD_UNIFORM, /* evenly spaced */
};

struct load_phase {
	char name[LOAD_NAME_CHARS + 1]; /* "phase 1" where none is given */
	uint64_t start_ns;		/* since the start of the run */
	uint64_t duration_ns;
	double from_rate; /* these two: open loop, jobs a second; equal */
	double to_rate;	  /* where the rate is held */
	uint32_t clients; /* closed loop */
};

struct load_class {
	char name[LOAD_NAME_CHARS + 1];
	uint32_t weight;
	struct job_request request;
};

struct load_script {
	char title[LOAD_TITLE_CHARS + 1]; /* "" where none is given */
	enum load_mode mode;
	enum load_arrival arrival;
	uint32_t connections;
	uint32_t threads;
	uint32_t clients;   /* closed loop: the most of any phase */
	uint32_t in_flight; /* open: of all; closed: of each client */
	uint64_t seed;	    /* of arrivals and of the mix */
	uint64_t warm_up_ns;
	uint64_t drain_ns; /* to wait for the last answers, at the most */
	size_t n_phases;
	struct load_phase phases[LOAD_MAX_PHASES];
	size_t n_classes;
	struct load_class classes[LOAD_MAX_CLASSES];
	size_t n_expectations;
	struct load_expectation expectations[LOAD_MAX_EXPECTATIONS];
};

/* The defaults: no phase, no class, no seed. */
void load_script_init(struct load_script *script);

/*
 * Reads a script over the defaults. 0, or -1 with *error: its field is the
 * place, "phases[1].rate", and its detail says what would be right.
 */
int load_script_from_json(const json_t *json, struct load_script *script,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* The file's text, which may be standard input: "-". The same, and line and
 * column where it is no JSON. */
int load_script_read(const char *path, struct load_script *script,
    struct rpc_error *error) __attribute__((warn_unused_result));

/*
 * Checks what only the whole can tell, fills in what was left open (threads,
 * connections, a seed, names) and each phase's start. 0, or -1 with *error.
 */
int load_script_settle(struct load_script *script, struct rpc_error *error)
    __attribute__((warn_unused_result));

/* Puts a place, "phases[1]", before the field of an error. Always -1. */
int load_script_place(struct rpc_error *error, const char *list, size_t i);

/* The warm-up and all phases. */
uint64_t load_script_duration_ns(const struct load_script *script);

#endif
