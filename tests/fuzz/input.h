/*
 * An input that is read as a sequence of choices. Where it has ended, all
 * choices are 0, so every prefix of an input is one.
 */
#ifndef GILD_TESTS_FUZZ_INPUT_H
#define GILD_TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *next;
	size_t left;
};

static inline bool
input_has_ended(const struct input *input)
{
	return input->left == 0;
}

static inline uint8_t
input_byte(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->next++;
}

/* 0 to n - 1. */
static inline unsigned
input_choose(struct input *input, unsigned n)
{
	return input_byte(input) % n;
}

/* Up to n bytes as they are; *got says how many. */
static inline const uint8_t *
input_bytes(struct input *input, size_t n, size_t *got)
{
	const uint8_t *bytes = input->next;

	*got = n < input->left ? n : input->left;
	input->next += *got;
	input->left -= *got;
	return bytes;
}

#endif
