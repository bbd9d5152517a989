/*
 * The table of repeats. is_busy is only ever tried, and held for some copying:
 * no call of anybody else's happens meanwhile.
 */
#include "daemon/repeats.h"

#include <stdio.h>
#include <string.h>

static bool
repeats_enter(struct repeats *repeats)
{
	return !atomic_flag_test_and_set_explicit(
	    &repeats->is_busy, memory_order_acquire);
}

static void
repeats_leave(struct repeats *repeats)
{
	atomic_flag_clear_explicit(&repeats->is_busy, memory_order_release);
}

static bool
repeat_is_over(const struct repeat *repeat, uint64_t now_ns)
{
	return now_ns >= repeat->since_ns + REPEATS_NS;
}

void
repeats_clear(struct repeats *repeats)
{
	memset(repeats->rows, 0, sizeof(repeats->rows));
	atomic_store(&repeats->n_pending, 0);
	repeats_leave(repeats);
}

/* This place's row, or one to be used for it, or NULL. */
static struct repeat *
repeats_find(struct repeats *repeats, const char *format, uint64_t now_ns)
{
	struct repeat *unused = NULL;

	for (size_t i = 0; i < REPEATS_ROWS; i++) {
		struct repeat *repeat = &repeats->rows[i];

		if (repeat->format == format)
			return repeat;
		if (repeat->format == NULL ||
		    (repeat->n_more == 0 && repeat_is_over(repeat, now_ns)))
			unused = repeat;
	}
	if (unused != NULL)
		*unused = (struct repeat){.format = format, .since_ns = now_ns};
	return unused;
}

static bool
repeat_admit(
    struct repeat *repeat, const char *message, struct repeats *repeats)
{
	if (repeat->n_said < REPEATS_SAID) {
		repeat->n_said++;
		return true;
	}
	if (repeat->n_more++ == 0)
		atomic_fetch_add(&repeats->n_pending, 1);
	snprintf(repeat->latest, sizeof(repeat->latest), "%s", message);
	return false;
}

bool
repeats_admit(struct repeats *repeats, const char *format, enum log_level level,
    const char *message, uint64_t now_ns)
{
	struct repeat *repeat;
	bool is_admitted = true;

	if (!repeats_enter(repeats))
		return true;
	repeat = repeats_find(repeats, format, now_ns);
	if (repeat != NULL) {
		repeat->level = level;
		/* Not told of yet: another thread was at the table. */
		if (repeat_is_over(repeat, now_ns)) {
			repeat->since_ns = now_ns;
			repeat->n_said = 0;
		}
		is_admitted = repeat_admit(repeat, message, repeats);
	}
	repeats_leave(repeats);
	return is_admitted;
}

bool
repeats_take(struct repeats *repeats, uint64_t now_ns, bool is_end,
    struct repeat *repeat)
{
	bool is_taken = false;

	if (atomic_load_explicit(&repeats->n_pending, memory_order_relaxed) ==
		0 ||
	    !repeats_enter(repeats))
		return false;
	for (size_t i = 0; i < REPEATS_ROWS && !is_taken; i++) {
		struct repeat *row = &repeats->rows[i];

		if (row->n_more == 0 ||
		    !(is_end || repeat_is_over(row, now_ns)))
			continue;
		*repeat = *row;
		row->format = NULL;
		row->n_more = 0;
		atomic_fetch_sub(&repeats->n_pending, 1);
		is_taken = true;
	}
	repeats_leave(repeats);
	return is_taken;
}
