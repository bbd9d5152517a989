/*
 * A load run's script from the command line: what `gilctl load` is told by
 * options instead of a file, or beside one.
 */
#ifndef GILD_CLIENT_LOAD_FLAGS_H
#define GILD_CLIENT_LOAD_FLAGS_H

#include <stdint.h>

#include "client/command.h"
#include "client/load_script.h"
#include "client/submit.h"

/* From the options; what was not given is NULL or 0 but where it says so. */
struct load_settings {
	struct submit_settings job; /* what submit has, too */
	uint64_t count;		    /* of its turns; 0: not given */
	const char *rate;	    /* 1000 or 100..1000, or a list of them */
	const char *duration;	    /* of each of these, or of all */
	const char *arrival;
	uint64_t clients;
	uint64_t in_flight;
	uint64_t connections;
	uint64_t threads;
	const char *warm_up;
	uint64_t seed; /* or LOAD_NO_SEED */
	const char *expect;
	const char *find_max;
	const char *html; /* these two: paths */
	const char *hgrm;
};

/*
 * The script, settled. path: of a file, or NULL. OUTCOME_USAGE, and said so,
 * where something is wrong.
 */
enum outcome load_flags_read(const struct context *context,
    const struct load_settings *settings, const char *path,
    struct load_script *script) __attribute__((warn_unused_result));

#endif
