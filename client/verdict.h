/*
 * What a comparison means, in plain sentences that one can act on. What is not
 * a difference by comparison.h's measure is said to be none seen.
 */
#ifndef GILD_CLIENT_VERDICT_H
#define GILD_CLIENT_VERDICT_H

#include <stddef.h>

#include "client/comparison.h"

#define VERDICT_MAX_SENTENCES (2 * COMPARISON_MAX_ROWS + 16)
#define VERDICT_SENTENCE_CHARS 319

/* From here on a gain is worth a change of design. */
#define WORTHWHILE_SPEEDUP 1.1

enum verdict_tone {
	VERDICT_FINDING, /* what was seen */
	VERDICT_ADVICE,	 /* what to do */
	VERDICT_WARNING, /* why to doubt it */
};

struct verdict {
	size_t n_sentences;
	struct verdict_sentence {
		enum verdict_tone tone;
		char text[VERDICT_SENTENCE_CHARS + 1];
	} sentences[VERDICT_MAX_SENTENCES];
};

/* Findings first, then the advice, then warnings. Pure. */
struct verdict verdict_reach(const struct comparison *comparison);

/* One more sentence, which begins with a capital letter then. */
void verdict_add(struct verdict *verdict, enum verdict_tone tone,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
