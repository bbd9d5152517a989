/*
 * Owns: the places of a connection. Runs in the worker's thread, before it
 * starts and after it has ended in the main thread.
 */
#include "client/load_connection.h"

#include <stdlib.h>

static uint32_t
count_slots(
    const struct load_script *script, uint32_t number, uint32_t in_flight)
{
	uint32_t clients;

	if (script->mode == LOAD_OPEN)
		return in_flight;
	clients = script->clients / script->connections +
	    (number < script->clients % script->connections);
	return clients * script->in_flight;
}

int
load_connection_init(struct load_connection *connection, uint32_t number,
    const struct load_script *script, uint32_t in_flight)
{
	uint32_t n = count_slots(script, number, in_flight);

	connection->number = number;
	connection->n_slots = n;
	connection->slots = calloc(n, sizeof(connection->slots[0]));
	connection->idle = calloc(n, sizeof(connection->idle[0]));
	connection->resting = calloc(n, sizeof(connection->resting[0]));
	if (connection->slots == NULL || connection->idle == NULL ||
	    connection->resting == NULL)
		return -1;
	while (n > 0)
		load_connection_give(connection, --n);
	return 0;
}

void
load_connection_free(struct load_connection *connection)
{
	load_wire_close(connection->wire);
	free(connection->slots);
	free(connection->idle);
	free(connection->resting);
}

uint32_t
load_connection_take(struct load_connection *connection)
{
	return connection->idle[--connection->n_idle];
}

void
load_connection_give(struct load_connection *connection, uint32_t place)
{
	connection->slots[place].is_busy = false;
	connection->idle[connection->n_idle++] = place;
}

void
load_connection_rest(struct load_connection *connection, uint32_t place)
{
	connection->resting[connection->n_resting++] = place;
}

void
load_connection_wake(struct load_connection *connection)
{
	while (connection->n_resting > 0)
		load_connection_give(
		    connection, connection->resting[--connection->n_resting]);
}

bool
load_connection_has(const struct load_connection *connection, uint64_t tag)
{
	return tag < connection->n_slots && connection->slots[tag].is_busy;
}

bool
load_connection_is_busy(const struct load_connection *connection)
{
	return connection->n_idle + connection->n_resting < connection->n_slots;
}

uint32_t
load_connection_client(const struct load_connection *connection,
    const struct load_script *script, uint32_t place)
{
	return connection->number +
	    place / script->in_flight * script->connections;
}
