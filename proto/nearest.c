/*
 * Owns: the edit distance behind "did you mean ...?". Pure, no allocation.
 *
 * The distance is that of optimal string alignment (Levenshtein's, and two
 * neighbours swapped count as one edit), over ASCII letters without case.
 * Names longer than MAX_NAME_CHARS are near to nothing, which bounds the work
 * whatever a client sends.
 */
#include "proto/nearest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_NAME_CHARS 48
#define MIN_PREFIX_CHARS 3

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int
fold(char c)
{
	return tolower((unsigned char)c);
}

/* Both lengths are at most MAX_NAME_CHARS. Three rows: two back, back, this. */
static size_t
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][MAX_NAME_CHARS + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		above[j] = before[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			int differs = fold(a[i - 1]) != fold(b[j - 1]);

			row[j] = least(above[j - 1] + (size_t)differs,
			    least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 &&
			    fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[b_len];
}

static size_t
distance(const char *name, size_t len, const char *known, size_t known_len)
{
	size_t shared = least(len, known_len);

	if (shared >= MIN_PREFIX_CHARS && strncasecmp(name, known, shared) == 0)
		return len != known_len;
	return edit_distance(name, len, known, known_len);
}

const char *
nearest_name(const char *name, const char *const known[], size_t n_known)
{
	const char *nearest = NULL;
	size_t len = strlen(name), nearest_distance = MAX_NAME_CHARS;

	if (len > MAX_NAME_CHARS)
		return NULL;
	for (size_t i = 0; i < n_known; i++) {
		size_t known_len = strlen(known[i]), d;

		if (known_len > MAX_NAME_CHARS)
			continue;
		d = distance(name, len, known[i], known_len);
		if (d <= (least(len, known_len) + 1) / 3 &&
		    d < nearest_distance) {
			nearest = known[i];
			nearest_distance = d;
		}
	}
	return nearest;
}
