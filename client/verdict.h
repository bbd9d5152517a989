/*
 * What a comparison means, in plain sentences that one can act on. A difference
 * counts as seen only when it is larger than the noise floor and the two rows'
 * ranges do not touch; else it says that none was seen.
 */
#ifndef GILD_CLIENT_VERDICT_H
#define GILD_CLIENT_VERDICT_H

#include <stddef.h>

#include "client/comparison.h"

#define VERDICT_MAX_SENTENCES 12
#define VERDICT_SENTENCE_CHARS 255

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

#endif
