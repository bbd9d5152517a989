/*
 * Owns: what only the whole of a load script can tell: whether it can be run,
 * and what is filled in where it leaves something open. Pure, but for the
 * number of CPUs.
 */
#include "client/load_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPEN_CONNECTIONS 4
#define OPEN_IN_FLIGHT 10000
#define CLOSED_CONNECTIONS 64 /* more clients share them */
#define CPUS_PER_THREAD 4
#define DEFAULT_MAX_THREADS 4

static int
check_names(const struct load_script *script, struct rpc_error *error)
{
	for (size_t i = 0; i < script->n_classes; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(script->classes[i].name,
				script->classes[j].name) == 0) {
				rpc_error_set(error, RPC_INVALID_PARAMS, "name",
				    "there is a class \"%s\" already",
				    script->classes[i].name);
				return load_script_place(error, "classes", i);
			}
	return 0;
}

static void
name_all(struct load_script *script)
{
	for (size_t i = 0; i < script->n_phases; i++)
		if (script->phases[i].name[0] == '\0')
			snprintf(script->phases[i].name,
			    sizeof(script->phases[i].name), "phase %zu", i + 1);
	for (size_t i = 0; i < script->n_classes; i++)
		if (script->classes[i].name[0] == '\0')
			snprintf(script->classes[i].name,
			    sizeof(script->classes[i].name), "class %zu",
			    i + 1);
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Enough threads to be no bottleneck, and few beside the server's own. */
static void
choose_threads(struct load_script *script)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t threads = cpus > 0 ? (uint32_t)cpus / CPUS_PER_THREAD : 1;

	if (script->threads == 0)
		script->threads =
		    least(threads > 0 ? threads : 1, DEFAULT_MAX_THREADS);
	script->threads = least(script->threads, script->connections);
}

static int
settle_open(struct load_script *script, struct rpc_error *error)
{
	if (script->clients != 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "clients",
		    "clients are of a closed loop: an open one has a rate");
	if (script->connections == 0)
		script->connections = OPEN_CONNECTIONS;
	if (script->in_flight == 0)
		script->in_flight = OPEN_IN_FLIGHT;
	if (script->in_flight < script->connections)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "in_flight",
		    "in_flight is of all connections, and must be at least 1 "
		    "for each of the %" PRIu32,
		    script->connections);
	return 0;
}

static int
settle_closed(struct load_script *script, struct rpc_error *error)
{
	uint32_t usual = script->clients;

	for (size_t i = 0; i < script->n_phases; i++) {
		struct load_phase *phase = &script->phases[i];

		if (phase->clients == 0 && usual == 0)
			return rpc_error_set(error, RPC_INVALID_PARAMS,
			    "clients",
			    "a closed loop needs clients: how many there are");
		if (phase->clients == 0)
			phase->clients = usual;
		if (i == 0 || phase->clients > script->clients)
			script->clients = phase->clients;
	}
	if (script->in_flight == 0)
		script->in_flight = 1;
	if ((uint64_t)script->in_flight * script->clients > LOAD_MAX_IN_FLIGHT)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "in_flight",
		    "in_flight is of each client: %" PRIu32 " of %" PRIu32
		    " clients are more than %d",
		    script->in_flight, script->clients, LOAD_MAX_IN_FLIGHT);
	if (script->connections == 0)
		script->connections = CLOSED_CONNECTIONS;
	script->connections = least(script->connections, script->clients);
	return 0;
}

/* Each phase's start; and whether all of them last too long, or do nothing. */
static int
settle_phases(struct load_script *script, struct rpc_error *error)
{
	uint64_t start_ns = script->warm_up_ns;
	double jobs = script->mode == LOAD_OPEN ? 0 : 1;

	for (size_t i = 0; i < script->n_phases; i++) {
		struct load_phase *phase = &script->phases[i];

		phase->start_ns = start_ns;
		start_ns += phase->duration_ns;
		jobs += phase->from_rate + phase->to_rate;
		if (start_ns / 1000000 > LOAD_MAX_DURATION_MS) {
			rpc_error_set(error, RPC_INVALID_PARAMS, "for_ms",
			    "all of it takes more than seven days");
			return load_script_place(error, "phases", i);
		}
	}
	if (jobs <= 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "phases",
		    "no phase has a rate above 0: nothing would be sent");
	return 0;
}

int
load_script_settle(struct load_script *script, struct rpc_error *error)
{
	int status = script->mode == LOAD_OPEN ? settle_open(script, error)
					       : settle_closed(script, error);

	if (status == -1 || settle_phases(script, error) == -1)
		return -1;
	name_all(script);
	choose_threads(script);
	return check_names(script, error);
}

uint64_t
load_script_duration_ns(const struct load_script *script)
{
	const struct load_phase *last = &script->phases[script->n_phases - 1];

	return last->start_ns + last->duration_ns;
}
