/* Owns: the names of a lock's events. Pure; any process and thread. */
#include "proto/lockevent.h"

#include <stddef.h>
#include <string.h>

static const char *const kind_names[LOCK_EVENT_KINDS] = {
    [LOCK_TASK_START] = "task_start",
    [LOCK_TASK_END] = "task_end",
    [LOCK_REQUEST] = "request",
    [LOCK_WAKE] = "wake",
    [LOCK_DROP_REQUEST] = "drop_request",
    [LOCK_WITHDRAW] = "withdraw",
    [LOCK_ACQUIRE] = "acquire",
    [LOCK_RELEASE] = "release",
    [LOCK_SWITCH_WAIT_START] = "switch_wait_start",
    [LOCK_SWITCH_WAIT_END] = "switch_wait_end",
    [LOCK_NATIVE_START] = "native_start",
    [LOCK_NATIVE_END] = "native_end",
    [LOCK_IO_START] = "io_start",
    [LOCK_IO_END] = "io_end",
};

static const char *const wake_names[LOCK_WAKES] = {
    [LOCK_WAKE_SIGNAL] = "signal",
    [LOCK_WAKE_TIMEOUT] = "timeout",
    [LOCK_WAKE_SPURIOUS] = "spurious",
};

static const char *const release_names[LOCK_RELEASES] = {
    [LOCK_RELEASE_REQUESTED] = "requested",
    [LOCK_RELEASE_TICK] = "tick",
    [LOCK_RELEASE_QUANTUM] = "quantum",
    [LOCK_RELEASE_NATIVE] = "native",
    [LOCK_RELEASE_IO] = "io",
    [LOCK_RELEASE_FINAL] = "final",
    [LOCK_RELEASE_CANCELLED] = "cancelled",
};

static int
find_name(const char *name, const char *const names[], int n)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(name, names[i]) == 0)
			return i;
	}
	return -1;
}

const char *
lock_event_kind_name(unsigned kind)
{
	return kind < LOCK_EVENT_KINDS ? kind_names[kind] : NULL;
}

const char *
lock_wake_name(unsigned wake)
{
	return wake < LOCK_WAKES ? wake_names[wake] : NULL;
}

const char *
lock_release_name(unsigned reason)
{
	return reason < LOCK_RELEASES ? release_names[reason] : NULL;
}

int
lock_event_kind_parse(const char *name)
{
	return find_name(name, kind_names, LOCK_EVENT_KINDS);
}

int
lock_wake_parse(const char *name)
{
	return find_name(name, wake_names, LOCK_WAKES);
}

int
lock_release_parse(const char *name)
{
	return find_name(name, release_names, LOCK_RELEASES);
}
