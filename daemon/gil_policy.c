/* Owns: the table of presets. Constants and pure functions. */
#include "daemon/gil_policy.h"

#include <string.h>

#include "daemon/clock.h"

struct preset {
	const char *name;
	enum gil_policy policy;
	uint64_t quantum_ns; /* 0: as it is */
	uint64_t timer_ns;
};

/* The policies first, in their order. */
static const struct preset presets[GIL_PRESETS] = {
    {"interval", GIL_INTERVAL, 0, 0},
    {"ticks", GIL_TICKS, 0, 0},
    {"hold", GIL_HOLD, 0, 0},
    {"fair", GIL_FAIR, 0, 0},
    {"ruby", GIL_FAIR, 100 * NS_PER_MS, 10 * NS_PER_MS},
    {"ocaml", GIL_FAIR, 50 * NS_PER_MS, 0},
};

void
gil_parameters_init(struct gil_parameters *parameters)
{
	*parameters = (struct gil_parameters){
	    .policy = GIL_INTERVAL,
	    .force = true,
	    .interval_ns = 5 * NS_PER_MS,
	    .check_interval = 100,
	    .quantum_ns = 5 * NS_PER_MS,
	};
}

const char *
gil_policy_name(enum gil_policy policy)
{
	return presets[policy].name;
}

const char *
gil_preset_name(size_t i)
{
	return i < GIL_PRESETS ? presets[i].name : NULL;
}

int
gil_preset_apply(const char *name, struct gil_parameters *parameters)
{
	for (size_t i = 0; i < GIL_PRESETS; i++) {
		const struct preset *preset = &presets[i];

		if (strcmp(name, preset->name) != 0)
			continue;
		parameters->policy = preset->policy;
		if (preset->quantum_ns != 0) {
			parameters->quantum_ns = preset->quantum_ns;
			parameters->timer_ns = preset->timer_ns;
		}
		return 0;
	}
	return -1;
}
