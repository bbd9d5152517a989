/*
 * A lock's records and events as JSON, written by the daemon and read back by
 * the client and the tests. PROTOCOL.md defines each member.
 *
 * Text goes into a writer. A tree is a new reference, or NULL when memory ran
 * out. Readers return 0, or -1 with *error naming the member at fault; members
 * that are not known are ignored.
 */
#ifndef GILD_PROTO_LOCKWIRE_H
#define GILD_PROTO_LOCKWIRE_H

#include <jansson.h>

#include "proto/lockevent.h"
#include "proto/lockrecord.h"
#include "proto/rpcerror.h"
#include "proto/writer.h"

/*
 * All counters by their names: {"acquisitions": 380, ...}; into an object that
 * is open already, and as one of their own.
 */
void lock_record_put(struct writer *writer, const struct lock_record *record);
json_t *lock_record_to_json(const struct lock_record *record);
/* `where` stands before a member's name in an error: "tasks[0].lock." */
int lock_record_from_json(const json_t *json, const char *where,
    struct lock_record *record, struct rpc_error *error)
    __attribute__((warn_unused_result));

/*
 * Of each histogram the buckets that are not empty, as [lower bound in ns,
 * count]: {"hold": [[4096, 3], [5120, 1]], "wait": [...], "io": [...]}. NULL
 * stands for empty ones.
 */
void lock_histograms_put(
    struct writer *writer, const struct lock_histograms *histograms);
json_t *lock_histograms_to_json(const struct lock_histograms *histograms);
int lock_histograms_from_json(const json_t *json, const char *where,
    struct lock_histograms *histograms, struct rpc_error *error)
    __attribute__((warn_unused_result));

/*
 * {"tasks": [{"job": ID, "task": 0, "wait_ns": N}, ...], "others_ns": N}, the
 * one that blocked longest first.
 */
void lock_blame_put(struct writer *writer, const struct lock_blame *blame);
int lock_blame_from_json(const json_t *json, const char *where,
    struct lock_blame *blame, struct rpc_error *error)
    __attribute__((warn_unused_result));

/*
 * One event: {"number", "time_ns", "thread", "domain", "event": its kind's
 * name} and, by kind,
 *	task_start	"job", "task"
 *	wake		"by"
 *	drop_request	"target": thread
 *	withdraw	"by": thread or null
 *	acquire		"from": thread or null, "waited_ns", "missed": boolean
 *	release		"reason"
 */
json_t *lock_event_to_json(const struct lock_event *event);
int lock_event_from_json(const json_t *json, struct lock_event *event,
    struct rpc_error *error) __attribute__((warn_unused_result));

#endif
