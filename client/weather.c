/*
 * The kernel counts each CPU's time in ticks, by what it was spent on; steal
 * and what guests took are counted apart (guests' time is part of user and
 * nice, so it is not added again). What the experiment itself took is on its
 * jobs' CPU clocks; the rest of the busy time is others'.
 *
 * The piece of work is a chain of multiplications that no compiler can shorten,
 * timed on this thread's CPU clock, so that being preempted does not count. The
 * shortest of a few runs is taken: things come between, nothing makes it
 * faster.
 */
#include "client/weather.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/units.h"

#define SECOND_NS UINT64_C(1000000000)
#define SPINS 5
#define SPIN_STEPS 2000000 /* about two milliseconds */
#define FILE_BYTES 65536

/* The fields of /proc/stat's first line: proc_stat(5). */
enum tick {
	TICK_USER,
	TICK_NICE,
	TICK_SYSTEM,
	TICK_IDLE,
	TICK_IOWAIT,
	TICK_IRQ,
	TICK_SOFTIRQ,
	TICK_STEAL,
	TICK_COUNT
};

static uint64_t
cpu_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static uint64_t
spin_once(void)
{
	volatile uint64_t sink;
	uint64_t start_ns = cpu_clock_ns();
	uint64_t x = start_ns | 1;

	for (unsigned i = 0; i < SPIN_STEPS; i++)
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
	sink = x;
	(void)sink;
	return cpu_clock_ns() - start_ns;
}

static uint64_t
spin(void)
{
	uint64_t least_ns = UINT64_MAX;

	for (unsigned i = 0; i < SPINS; i++) {
		uint64_t ns = spin_once();

		if (ns < least_ns)
			least_ns = ns;
	}
	return least_ns;
}

/* The first size - 1 bytes of a file as text. 0, or -1 with errno. */
static int
read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	if (fd == -1)
		return -1;
	while (length + 1 < size) {
		n = read(fd, text + length, size - 1 - length);
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
	close(fd);
	return 0;
}

static uint64_t
ticks_ns(uint64_t n, uint64_t ticks)
{
	return n / ticks * SECOND_NS + n % ticks * SECOND_NS / ticks;
}

/* "cpu0", "cpu1" and so on, at the beginnings of lines. */
static uint32_t
count_cpus(const char *stat)
{
	uint32_t n = 0;

	while ((stat = strchr(stat, '\n')) != NULL) {
		stat++;
		if (strncmp(stat, "cpu", 3) == 0)
			n++;
	}
	return n;
}

int
weather_parse(const char *stat, const char *loadavg, uint64_t ticks,
    struct weather_observation *observation)
{
	uint64_t at[TICK_COUNT];
	double load;
	uint32_t cpus = count_cpus(stat);

	if (sscanf(stat,
		"cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		" %" SCNu64 " %" SCNu64 " %" SCNu64,
		&at[TICK_USER], &at[TICK_NICE], &at[TICK_SYSTEM],
		&at[TICK_IDLE], &at[TICK_IOWAIT], &at[TICK_IRQ],
		&at[TICK_SOFTIRQ], &at[TICK_STEAL]) != TICK_COUNT ||
	    sscanf(loadavg, "%lf", &load) != 1 || !isfinite(load) ||
	    cpus == 0 || ticks == 0)
		return -1;
	observation->cpus = cpus;
	observation->load = load;
	observation->busy_ns = ticks_ns(at[TICK_USER] + at[TICK_NICE] +
		at[TICK_SYSTEM] + at[TICK_IRQ] + at[TICK_SOFTIRQ],
	    ticks);
	observation->irq_ns = ticks_ns(at[TICK_IRQ] + at[TICK_SOFTIRQ], ticks);
	observation->idle_ns = ticks_ns(at[TICK_IDLE] + at[TICK_IOWAIT], ticks);
	observation->steal_ns = ticks_ns(at[TICK_STEAL], ticks);
	return 0;
}

int
weather_observe(struct weather_observation *observation)
{
	char stat[FILE_BYTES], loadavg[256];
	long ticks = sysconf(_SC_CLK_TCK);

	observation->spin_ns = spin();
	if (read_text("/proc/stat", stat, sizeof(stat)) == -1 ||
	    read_text("/proc/loadavg", loadavg, sizeof(loadavg)) == -1)
		return -1;
	if (ticks <= 0 ||
	    weather_parse(stat, loadavg, (uint64_t)ticks, observation) == -1) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

/* after - before; some of the kernel's counters are known to step back. */
static double
grown(uint64_t before, uint64_t after)
{
	return after > before ? (double)(after - before) : 0;
}

static void __attribute__((format(printf, 2, 3)))
say(struct weather *weather, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(weather->sentences[weather->n_sentences++],
	    WEATHER_SENTENCE_CHARS + 1, format, args);
	va_end(args);
}

static void
describe(struct weather *weather)
{
	if (weather->is_stolen)
		say(weather,
		    "The hypervisor gave %s of the CPU time to other machines: "
		    "wall times, and waits for a CPU, are longer than they "
		    "would be.",
		    units_percent(weather->steal).text);
	if (weather->is_busy)
		say(weather,
		    "Other work took %s of the CPU time (the load before was "
		    "%.1f on %" PRIu32 " CPU%s): what looks like a cost of the "
		    "pools may be a wait for a CPU.",
		    units_percent(weather->busy).text, weather->load_before,
		    weather->cpus, weather->cpus == 1 ? "" : "s");
	if (weather->is_drifting)
		say(weather,
		    "A CPU takes %s %s for the same work than before: its "
		    "clock has changed meanwhile, or it is shared.",
		    units_percent(fabs(weather->drift)).text,
		    weather->drift > 0 ? "longer" : "less");
}

static void
judge(struct weather *weather)
{
	weather->is_stolen = weather->steal > WEATHER_STEAL;
	weather->is_busy = weather->busy > WEATHER_BUSY;
	weather->is_drifting = fabs(weather->drift) > WEATHER_DRIFT;
}

struct weather
weather_judge(const struct weather_observation *before,
    const struct weather_observation *after, uint64_t own_cpu_ns)
{
	struct weather weather = {
	    .cpus = after->cpus,
	    .load_before = before->load,
	};
	double busy = grown(before->busy_ns, after->busy_ns);
	double idle = grown(before->idle_ns, after->idle_ns);
	double steal = grown(before->steal_ns, after->steal_ns);
	double all = busy + idle + steal;

	if (all > 0) {
		weather.steal = steal / all;
		weather.busy = fmax(0, busy - (double)own_cpu_ns) / all;
	}
	if (before->spin_ns > 0)
		weather.drift =
		    (double)after->spin_ns / (double)before->spin_ns - 1;
	judge(&weather);
	describe(&weather);
	return weather;
}

json_t *
weather_to_json(const struct weather *weather)
{
	json_t *sentences = json_array();

	for (size_t i = 0; i < weather->n_sentences; i++)
		if (json_array_append_new(
			sentences, json_string(weather->sentences[i])) == -1) {
			json_decref(sentences);
			return NULL;
		}
	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:o}", "cpus",
	    (json_int_t)weather->cpus, "steal", weather->steal, "busy",
	    weather->busy, "load_before", weather->load_before, "drift",
	    weather->drift, "disturbances", sentences);
}

static double
read_real(const json_t *json, const char *name)
{
	return json_number_value(json_object_get(json, name));
}

void
weather_from_json(const json_t *json, struct weather *weather)
{
	const json_t *sentences = json_object_get(json, "disturbances");
	const json_t *text;
	size_t i;

	*weather = (struct weather){
	    .cpus = (uint32_t)json_integer_value(json_object_get(json, "cpus")),
	    .steal = read_real(json, "steal"),
	    .busy = read_real(json, "busy"),
	    .load_before = read_real(json, "load_before"),
	    .drift = read_real(json, "drift"),
	};
	judge(weather);
	json_array_foreach (sentences, i, text) {
		if (!json_is_string(text) || i == WEATHER_MAX_SENTENCES)
			break;
		snprintf(weather->sentences[weather->n_sentences++],
		    WEATHER_SENTENCE_CHARS + 1, "%s", json_string_value(text));
	}
}
