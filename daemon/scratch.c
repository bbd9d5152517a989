/*
 * Owns: where jansson's memory comes from, in a frontend. Run by its one
 * thread.
 *
 * Invariant: n_blocks are in use below `used`, and none is above.
 *
 * The address sanitizer is to see each block: then there is no scratch.
 */
#include "daemon/scratch.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define IS_WATCHED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_WATCHED true
#endif
#endif
#ifndef IS_WATCHED
#define IS_WATCHED false
#endif

#define ALIGNMENT 16
#define SCRATCH_BYTES ((size_t)16384) /* enough for most lines */

static struct {
	char memory[SCRATCH_BYTES] __attribute__((aligned(ALIGNMENT)));
	size_t used;
	size_t n_blocks;
	bool is_open;
} scratch;

static void *
scratch_malloc(size_t size)
{
	void *block = scratch.memory + scratch.used;

	if (!scratch.is_open || size >= SCRATCH_BYTES - scratch.used)
		return malloc(size);
	scratch.used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	scratch.n_blocks++;
	return block;
}

static void
scratch_free(void *block)
{
	uintptr_t at = (uintptr_t)block - (uintptr_t)scratch.memory;

	if (at >= SCRATCH_BYTES)
		free(block);
	else if (--scratch.n_blocks == 0)
		scratch.used = 0;
}

void
scratch_begin(void)
{
	json_set_alloc_funcs(scratch_malloc, scratch_free);
	scratch.is_open = !IS_WATCHED;
}

void
scratch_end(void)
{
	scratch.is_open = false;
}
