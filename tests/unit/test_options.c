/*
 * The options one by one: the table's rows, what each type takes, what -o may
 * say, and what options_finish() makes of it. The file is test_options_file's.
 */
#include "daemon/options.h"

#include <check.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/option.h"
#include "daemon/option_table.h"
#include "tests/unit/suite.h"

static struct settings settings;
static char error[OPTIONS_ERROR_CHARS + 1];

static void
setup(void)
{
	options_init(&settings);
}

static void
teardown(void)
{
	settings_free(&settings);
}

static void
set(const char *name, const char *value)
{
	ck_assert_msg(
	    options_set(&settings, name, value, error) == 0, "%s", error);
}

/* The error must be this one (where it ends in "...", begin so, and name all
 * options), and nothing may have changed. */
static void
refuse(const char *name, const char *value, const char *expected)
{
	struct settings before = settings;
	size_t length = strlen(expected);

	error[0] = '\0';
	ck_assert_int_eq(options_set(&settings, name, value, error), -1);
	if (length > 3 && strcmp(expected + length - 3, "...") == 0) {
		ck_assert_int_eq(strncmp(error, expected, length - 3), 0);
		for (size_t i = 0; i < settings_table.n_rows; i++)
			ck_assert_ptr_nonnull(
			    strstr(error, settings_table.rows[i].name));
	} else {
		ck_assert_str_eq(error, expected);
	}
	ck_assert_mem_eq(&settings.n_listen, &before.n_listen,
	    offsetof(struct settings, pools));
	ck_assert_mem_eq(settings.pools, before.pools,
	    before.n_pools * sizeof(before.pools[0]));
}

static void
finish(void)
{
	ck_assert_msg(options_finish(&settings, error) == 0, "%s", error);
}

static const struct pool_settings *
pool(const char *name)
{
	const struct pool_settings *found = settings_find_pool(&settings, name);

	ck_assert_msg(found != NULL, "no pool %s", name);
	return found;
}

static uint32_t
expected_processes(void)
{
	cpu_set_t cpus;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	return CPU_COUNT(&cpus) < 2 ? 2 : (uint32_t)CPU_COUNT(&cpus);
}

START_TEST(the_defaults_are_as_documented)
{
	finish();
	ck_assert_uint_eq(settings.n_listen, 1);
	ck_assert_str_eq(settings.listen[0], "127.0.0.1:4453");
	ck_assert(!settings.allow_remote);
	ck_assert_int_eq(settings.log_format, LOG_AUTO);
	ck_assert_uint_eq(settings.frontends, 2);
	ck_assert_uint_eq(settings.max_connections, 4096);
	ck_assert_uint_eq(settings.max_jobs, 16384);
	ck_assert_uint_eq(settings.max_in_flight, 4096);
	ck_assert_uint_eq(settings.max_batch, 1000);
	ck_assert_uint_eq(settings.max_workers, 64);
	ck_assert_uint_eq(settings.max_line_bytes, 1048576);
	ck_assert_uint_eq(settings.max_unsent_bytes, 1048576);
	ck_assert_uint_eq(settings.max_attempts, 3);
	ck_assert_uint_eq(settings.drain_timeout_ns, UINT64_C(30000000000));
	ck_assert_str_eq(settings.user, "");
	ck_assert(settings.sandbox);
	ck_assert_str_eq(settings.state_dir, "");
	ck_assert_int_eq(settings.record, RECORD_DETACHED);
	ck_assert_uint_eq(
	    settings.keep_for_ns, UINT64_C(7) * 24 * 3600 * 1000000000);
	ck_assert_uint_eq(settings.keep_bytes, UINT64_C(1) << 30);
	ck_assert_uint_eq(settings.commit_group, 1024);
	ck_assert_uint_eq(settings.max_detached, 100000);
	ck_assert_uint_eq(settings.n_pools, 2);
	ck_assert_str_eq(settings.pools[0].name, "threads");
	ck_assert_int_eq(settings.pools[0].kind, POOL_THREADS);
	ck_assert_uint_eq(settings.pools[0].size, 4);
	ck_assert_int_eq(settings.pools[0].policy, GIL_INTERVAL);
	ck_assert_uint_eq(settings.pools[0].interval_us, 5000);
	ck_assert(settings.pools[0].force);
	ck_assert_int_eq(settings.pools[0].affinity, AFFINITY_NONE);
	ck_assert_uint_eq(settings.pools[0].locks, 1);
	ck_assert_uint_eq(settings.pools[0].check_interval, 100);
	ck_assert_uint_eq(settings.pools[0].quantum_us, 5000);
	ck_assert_uint_eq(settings.pools[0].timer_us, 0);
	ck_assert_uint_eq(settings.pools[0].overhead_pct, 0);
	ck_assert(!settings.pools[0].events);
	ck_assert_uint_eq(settings.pools[0].events_kept, 16384);
	ck_assert_str_eq(settings.pools[1].name, "processes");
	ck_assert_int_eq(settings.pools[1].kind, POOL_PROCESSES);
	ck_assert_uint_eq(settings.pools[1].size, expected_processes());
}
END_TEST

START_TEST(processes_are_as_many_as_cpus_allowed)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	finish();
	ck_assert_uint_eq(pool("processes")->size, 2);
}
END_TEST

static uint64_t
load(const struct option_row *row, const void *record)
{
	uint64_t wide;
	uint32_t narrow;
	const char *field = (const char *)record + row->offset;

	if (row->width == sizeof(bool))
		return *(const bool *)field;
	memcpy(&narrow, field, sizeof(narrow));
	if (row->width == sizeof(narrow))
		return narrow;
	memcpy(&wide, field, sizeof(wide));
	return wide;
}

/* The smallest unit of a number's type. */
static const char *
unit(const struct option_row *row)
{
	return row->type == OPTION_DURATION ? "ns" : "";
}

/* As long as there is room for, and no longer; nothing of it stays. */
static void
check_text(const struct option_row *row, void *record)
{
	const char *field = (const char *)record + row->offset;
	char text[512] = "", complaint[OPTION_COMPLAINT_CHARS + 1];

	ck_assert_uint_lt(row->width, sizeof(text));
	memset(text, 'x', row->width - 1);
	ck_assert_int_eq(option_parse(row, text, record, complaint), 0);
	ck_assert_str_eq(field, text);
	text[row->width - 1] = 'y';
	ck_assert_int_eq(option_parse(row, text, record, complaint), -1);
	ck_assert_ptr_nonnull(strstr(complaint, "must be at most "));
	ck_assert_int_eq(field[row->width - 2], 'x');
	ck_assert_int_eq(option_parse(row, "z", record, complaint), 0);
	ck_assert_str_eq(field, "z");
	ck_assert_int_eq(field[row->width - 2], '\0');
}

static void
check_row(const struct option_row *row, void *record)
{
	char text[64], complaint[OPTION_COMPLAINT_CHARS + 1];
	bool is_number = row->type == OPTION_INTEGER ||
	    row->type == OPTION_SIZE || row->type == OPTION_DURATION;

	ck_assert_uint_gt(strlen(row->meaning), 0);
	if (row->initial != NULL)
		ck_assert_msg(
		    option_parse(row, row->initial, record, complaint) == 0,
		    "%s %s", row->name, complaint);
	if (row->type == OPTION_TEXT) {
		check_text(row, record);
		return;
	}
	ck_assert_int_eq(
	    option_parse(row, "no such value", record, complaint), -1);
	if (!is_number)
		return;
	ck_assert_uint_le(row->min, row->max);
	ck_assert(row->width == 8 || row->max <= UINT32_MAX);
	snprintf(text, sizeof(text), "%" PRIu64 "%s", row->min, unit(row));
	ck_assert_int_eq(option_parse(row, text, record, complaint), 0);
	ck_assert_uint_eq(load(row, record), row->min);
	snprintf(text, sizeof(text), "%" PRIu64 "%s", row->max, unit(row));
	ck_assert_int_eq(option_parse(row, text, record, complaint), 0);
	ck_assert_uint_eq(load(row, record), row->max);
	snprintf(text, sizeof(text), "%" PRIu64 "%s", row->max + 1, unit(row));
	ck_assert_int_eq(option_parse(row, text, record, complaint), -1);
	ck_assert_uint_eq(load(row, record), row->max);
	ck_assert_ptr_nonnull(strstr(complaint, text));
	if (row->min == 0)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 "%s", row->min - 1, unit(row));
	ck_assert_int_eq(option_parse(row, text, record, complaint), -1);
	ck_assert_uint_eq(load(row, record), row->max);
}

START_TEST(every_row_keeps_to_its_bounds)
{
	struct pool_settings record = {.name = ""};

	for (size_t i = 0; i < settings_table.n_rows; i++)
		check_row(&settings_table.rows[i], &settings);
	for (size_t i = 0; i < pool_table.n_rows; i++)
		check_row(&pool_table.rows[i], &record);
}
END_TEST

/* Two rows on one field would be a slip that no other test sees. */
START_TEST(every_row_has_a_name_and_a_field_of_its_own)
{
	const struct option_table *tables[] = {&settings_table, &pool_table};

	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < tables[t]->n_rows; i++) {
			const struct option_row *row = &tables[t]->rows[i];

			ck_assert_ptr_eq(
			    option_find(tables[t], row->name), row);
			for (size_t j = 0; j < i; j++)
				ck_assert(
				    row->offset != tables[t]->rows[j].offset ||
				    row->type == OPTION_ADDRESSES);
		}
	}
}
END_TEST

static const struct {
	const char *name, *value;
	uint64_t number;
} taken[] = {
    {"max_jobs", "4", 4},
    {"max_jobs", "50_000", 50000},
    {"max_jobs", "1_0_0", 100},
    {"max_jobs", "007", 7},
    {"max_line", "1024", 1024},
    {"max_line", "64k", 65536},
    {"max_line", "64K", 65536},
    {"max_line", "1M", 1048576},
    {"max_line", "1_024k", 1048576},
    {"max_unsent", "1G", 1073741824},
    {"drain_timeout", "0", 0},
    {"drain_timeout", "30", UINT64_C(30000000000)},
    {"drain_timeout", "30s", UINT64_C(30000000000)},
    {"drain_timeout", "500ms", 500000000},
    {"drain_timeout", "7us", 7000},
    {"drain_timeout", "9ns", 9},
    {"drain_timeout", "5m", UINT64_C(300000000000)},
    {"drain_timeout", "24h", UINT64_C(86400000000000)},
    {"heartbeat_timeout", "0", 0},
    {"heartbeat_timeout", "300ms", 300000000},
    {"heartbeat_timeout", "1h", UINT64_C(3600000000000)},
    {"allow_remote", "true", 1},
    {"allow_remote", "yes", 1},
    {"allow_remote", "on", 1},
    {"allow_remote", "True", 1},
    {"allow_remote", "false", 0},
    {"allow_remote", "no", 0},
    {"allow_remote", "off", 0},
};

START_TEST(values_may_be_written_in_several_ways)
{
	const struct option_row *row =
	    option_find(&settings_table, taken[_i].name);

	set(taken[_i].name, taken[_i].value);
	ck_assert_uint_eq(load(row, &settings), taken[_i].number);
}
END_TEST

static const char *const no_integers[] = {"", " ", "_1", "1_", "1__0", "_",
    "+1", "-1", "0x10", " 1", "1 ", "1.5", "1e3", "1k", "one", "1\n",
    "18446744073709551616", "18446744073709551617", "99999999999999999999999"};

START_TEST(what_is_no_integer_is_refused)
{
	char expected[200];

	snprintf(expected, sizeof(expected),
	    "frontends: must be an integer from 1 to 64, not \"%s\"",
	    no_integers[_i]);
	refuse("frontends", no_integers[_i], expected);
}
END_TEST

static const struct {
	const char *name, *value, *error;
} refused[] = {
    {"frontends", "0", "frontends: must be an integer from 1 to 64, not \"0\""},
    {"max_line", "1T",
	"max_line: must be a size from 1k to 64M, such as 65536, 64k or 1M, "
	"not \"1T\""},
    {"max_line", "1kk",
	"max_line: must be a size from 1k to 64M, such as 65536, 64k or 1M, "
	"not \"1kk\""},
    {"max_line", "18014398509481985k",
	"max_line: must be a size from 1k to 64M, such as 65536, 64k or 1M, "
	"not \"18014398509481985k\""},
    {"drain_timeout", "86401",
	"drain_timeout: must be a duration from 0 to 24h, such as 30s or "
	"500ms, not \"86401\""},
    {"drain_timeout", "1d",
	"drain_timeout: must be a duration from 0 to 24h, such as 30s or "
	"500ms, not \"1d\""},
    {"drain_timeout", "1.5s",
	"drain_timeout: must be a duration from 0 to 24h, such as 30s or "
	"500ms, not \"1.5s\""},
    {"allow_remote", "1", "allow_remote: must be true or false, not \"1\""},
    {"pool.threads.size", "1025",
	"pool.threads.size: must be an integer from 1 to 1024, not \"1025\""},
    {"pool.threads.kind", "thread",
	"pool.threads.kind: must be threads or processes, not \"thread\""},
    {"pool.threads.policy", "Hold",
	"pool.threads.policy: must be interval, ticks, hold, fair, ruby or "
	"ocaml, not \"Hold\""},
    {"pool.threads.affinity", "all",
	"pool.threads.affinity: must be none, spread or one, not \"all\""},
    {"pool.threads.events_kept", "10000",
	"pool.threads.events_kept: must be a power of two from 64 to 1048576, "
	"such as 4096, not \"10000\""},
    {"pool.threads.events_kept", "32",
	"pool.threads.events_kept: must be a power of two from 64 to 1048576, "
	"such as 4096, not \"32\""},
    {"pool.threads.interval_us", "0",
	"pool.threads.interval_us: must be an integer from 1 to 10000000, not "
	"\"0\""},
    {"pool.new.kind", "lwp",
	"pool.new.kind: must be threads or processes, not \"lwp\""},
    {"listen", "127.0.0.1",
	"listen: \"127.0.0.1\" has no port: write 127.0.0.1:4453"},
    {"listen", "127.0.0.1:1,",
	"listen: \"\" has no port: write 127.0.0.1:4453"},
    {"listen",
	"h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,"
	"h:1,h:1",
	"listen: takes 1 to 16 addresses"},
    {"frontend", "1",
	"unknown option \"frontend\": did you mean \"frontends\"?"},
    {"max-jobs", "1",
	"unknown option \"max-jobs\": did you mean \"max_jobs\"?"},
    {"size", "1",
	"unknown option \"size\": it is a pool's, as in pool.threads.size"},
    {"colour", "1",
	"unknown option \"colour\": there are listen, allow_remote, ..."},
    {"", "1", "unknown option \"\": there are listen, allow_remote, ..."},
    {"pool.threads.sizes", "1",
	"unknown option \"pool.threads.sizes\": did you mean "
	"\"pool.threads.size\"?"},
    {"pool.threads.colour", "1",
	"unknown option \"pool.threads.colour\": there are kind, size, "
	"affinity, locks, overhead_pct, policy, interval_us, force, "
	"check_interval, quantum_us, timer_us, events and events_kept"},
    {"pool.threads", "1",
	"unknown option \"pool.threads\": a pool's options are written "
	"pool.NAME.OPTION, such as pool.threads.size"},
    {"pool.thread.size", "1",
	"pool.thread.size: there is no pool \"thread\": did you mean "
	"\"threads\"?"},
    {"pool.new.size", "1",
	"pool.new.size: there is no pool \"new\": set pool.new.kind first"},
    {"pool.New.kind", "threads",
	"\"New\" cannot be a pool's name: write 1 to 31 of a-z, 0-9, - and _, "
	"a letter first"},
    {"pool..kind", "threads",
	"\"\" cannot be a pool's name: write 1 to 31 of a-z, 0-9, - and _, a "
	"letter first"},
    {"pool.a1234567890123456789012345678901.kind", "threads",
	"\"a1234567890123456789012345678901\" cannot be a pool's name: write "
	"1 to 31 of a-z, 0-9, - and _, a letter first"},
};

START_TEST(what_is_wrong_is_explained_and_changes_nothing)
{
	size_t n_pools = settings.n_pools;

	refuse(refused[_i].name, refused[_i].value, refused[_i].error);
	ck_assert_uint_eq(settings.n_pools, n_pools);
}
END_TEST

START_TEST(a_long_value_is_cut_in_its_error)
{
	char value[2000];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	ck_assert_int_eq(options_set(&settings, "frontends", value, error), -1);
	ck_assert_int_eq(
	    strncmp(error, "frontends: must be an integer from 1 to 64", 42),
	    0);
	ck_assert_int_eq(options_set(&settings, value, "1", error), -1);
	ck_assert_int_eq(strncmp(error, "unknown option \"xxx", 19), 0);
	ck_assert_ptr_nonnull(strstr(error, "there are listen"));
	memcpy(value, "pool.", 5);
	ck_assert_int_eq(options_set(&settings, value, "1", error), -1);
	value[100] = '.';
	ck_assert_int_eq(options_set(&settings, value, "1", error), -1);
	strcpy(value + 101, "kind");
	ck_assert_int_eq(options_set(&settings, value, "threads", error), -1);
	ck_assert_ptr_nonnull(strstr(error, "cannot be a pool's name"));
	ck_assert_int_eq(options_set(&settings, "listen", value, error), -1);
}
END_TEST

START_TEST(a_list_of_addresses_replaces_the_one_before)
{
	set("listen", "127.0.0.1:1,[::1]:2,unix:/a");
	ck_assert_uint_eq(settings.n_listen, 3);
	ck_assert_str_eq(settings.listen[0], "127.0.0.1:1");
	ck_assert_str_eq(settings.listen[1], "[::1]:2");
	ck_assert_str_eq(settings.listen[2], "unix:/a");
	set("listen", "localhost:0");
	finish();
	ck_assert_uint_eq(settings.n_listen, 1);
	ck_assert_str_eq(settings.listen[0], "localhost:0");
	refuse("listen", "127.0.0.1:1,wrong",
	    "listen: \"wrong\" has no port: write wrong:4453");
}
END_TEST

START_TEST(an_address_of_its_own_may_hold_a_comma)
{
	static const char *const texts[] = {"unix:/a,b", "h:1"};

	ck_assert_int_eq(options_set_listen(&settings, texts, 2, error), 0);
	ck_assert_uint_eq(settings.n_listen, 2);
	ck_assert_str_eq(settings.listen[0], "unix:/a,b");
	ck_assert_int_eq(options_set_listen(&settings, texts, 0, error), -1);
	ck_assert_str_eq(error, "listen: takes 1 to 16 addresses");
}
END_TEST

START_TEST(the_default_pools_can_be_changed)
{
	set("pool.threads.size", "8");
	set("pool.processes.size", "3");
	set("pool.threads.interval_us", "500");
	set("pool.threads.force", "no");
	finish();
	ck_assert_uint_eq(pool("threads")->size, 8);
	ck_assert_uint_eq(pool("threads")->interval_us, 500);
	ck_assert(!pool("threads")->force);
	ck_assert_uint_eq(pool("processes")->size, 3);
	ck_assert_uint_eq(settings.n_pools, 2);
}
END_TEST

START_TEST(a_pool_is_made_by_its_kind)
{
	set("pool.more.kind", "processes");
	set("pool.more.size", "7");
	set("pool.hasty.kind", "threads");
	set("pool.hasty.interval_us", "1");
	finish();
	ck_assert_uint_eq(settings.n_pools, 4);
	ck_assert_int_eq(pool("more")->kind, POOL_PROCESSES);
	ck_assert_uint_eq(pool("more")->size, 7);
	ck_assert_int_eq(pool("hasty")->kind, POOL_THREADS);
	ck_assert_uint_eq(pool("hasty")->size, 4);
	ck_assert_int_eq(pool("hasty")->policy, GIL_INTERVAL);
	ck_assert_ptr_null(settings_find_pool(&settings, "mor"));
}
END_TEST

START_TEST(a_pools_kind_can_be_changed)
{
	set("pool.threads.kind", "processes");
	set("pool.processes.kind", "threads");
	finish();
	ck_assert_int_eq(pool("threads")->kind, POOL_PROCESSES);
	ck_assert_uint_eq(pool("threads")->size, expected_processes());
	ck_assert_int_eq(pool("processes")->kind, POOL_THREADS);
	ck_assert_uint_eq(pool("processes")->size, 4);
}
END_TEST

START_TEST(sixteen_pools_and_no_more)
{
	char name[40];

	for (int i = 2; i < SETTINGS_MAX_POOLS; i++) {
		snprintf(name, sizeof(name), "pool.p%d.kind", i);
		set(name, "threads");
	}
	refuse("pool.p16.kind", "threads",
	    "pool \"p16\" is one too many: there are at most 16");
	set("pool.p15.size", "9");
	finish();
	ck_assert_uint_eq(pool("p15")->size, 9);
}
END_TEST

START_TEST(a_name_as_long_as_names_may_be)
{
	set("pool.a234567890123456789012345678901.kind", "threads");
	set("pool.a234567890123456789012345678901.size", "5");
	ck_assert_uint_eq(pool("a234567890123456789012345678901")->size, 5);
}
END_TEST

static const struct {
	const char *pool, *locks, *policy, *option, *value, *why;
} useless[] = {
    {"processes", NULL, NULL, "locks", "1", "worker processes share no lock"},
    {"processes", NULL, NULL, "overhead_pct", "5",
	"worker processes share no lock"},
    {"processes", NULL, NULL, "policy", "hold",
	"worker processes share no lock"},
    {"processes", NULL, NULL, "interval_us", "5000",
	"worker processes share no lock"},
    {"processes", NULL, NULL, "force", "true",
	"worker processes share no lock"},
    {"processes", NULL, NULL, "check_interval", "100",
	"worker processes share no lock"},
    {"processes", NULL, NULL, "quantum_us", "5000",
	"worker processes share no lock"},
    {"processes", NULL, NULL, "timer_us", "0",
	"worker processes share no lock"},
    {"processes", NULL, NULL, "events", "no", "worker processes share no lock"},
    {"processes", NULL, NULL, "events_kept", "64",
	"worker processes share no lock"},
    {"threads", "0", NULL, "policy", "hold",
	"with locks = 0 its threads share no lock"},
    {"threads", "0", NULL, "interval_us", "5000",
	"with locks = 0 its threads share no lock"},
    {"threads", "0", NULL, "force", "true",
	"with locks = 0 its threads share no lock"},
    {"threads", "0", NULL, "check_interval", "100",
	"with locks = 0 its threads share no lock"},
    {"threads", "0", NULL, "quantum_us", "5000",
	"with locks = 0 its threads share no lock"},
    {"threads", "0", NULL, "timer_us", "0",
	"with locks = 0 its threads share no lock"},
    {"threads", "2", NULL, "overhead_pct", "0",
	"only threads without a lock have an overhead"},
    {"threads", NULL, "hold", "interval_us", "5000",
	"under policy hold nobody asks for the lock"},
    {"threads", NULL, "hold", "force", "true",
	"under policy hold nobody asks for the lock"},
    {"threads", NULL, "ticks", "interval_us", "5000",
	"under policy ticks nobody asks for the lock"},
    {"threads", NULL, "ticks", "force", "true",
	"under policy ticks nobody asks for the lock"},
    {"threads", NULL, "fair", "interval_us", "5000",
	"under policy fair a waiter asks after quantum_us"},
    {"threads", NULL, "ruby", "interval_us", "5000",
	"under policy fair a waiter asks after quantum_us"},
    {"threads", NULL, "ocaml", "force", "true",
	"under policy fair a waiter asks after quantum_us"},
    {"threads", NULL, "interval", "check_interval", "7",
	"only under policy ticks are there ticks"},
    {"threads", NULL, "hold", "check_interval", "7",
	"only under policy ticks are there ticks"},
    {"threads", NULL, "fair", "check_interval", "7",
	"only under policy ticks are there ticks"},
    {"threads", NULL, "interval", "quantum_us", "7",
	"only under policy fair is there a quantum"},
    {"threads", NULL, "hold", "quantum_us", "7",
	"only under policy fair is there a quantum"},
    {"threads", NULL, "ticks", "quantum_us", "7",
	"only under policy fair is there a quantum"},
    {"threads", NULL, "interval", "timer_us", "7",
	"only under policy fair is there a quantum"},
};

START_TEST(an_option_that_a_pool_has_no_use_for_is_refused)
{
	char name[64], expected[OPTIONS_ERROR_CHARS + 1];

	if (useless[_i].locks != NULL)
		set("pool.threads.locks", useless[_i].locks);
	if (useless[_i].policy != NULL)
		set("pool.threads.policy", useless[_i].policy);
	finish();
	snprintf(name, sizeof(name), "pool.%s.%s", useless[_i].pool,
	    useless[_i].option);
	set(name, useless[_i].value);
	snprintf(expected, sizeof(expected), "%s: %s, so it takes no %s", name,
	    useless[_i].why, useless[_i].option);
	ck_assert_int_eq(options_finish(&settings, error), -1);
	ck_assert_str_eq(error, expected);
}
END_TEST

/* And each of them has its use somewhere. */
START_TEST(every_option_has_its_use)
{
	set("pool.ticks.kind", "threads");
	set("pool.ticks.policy", "ticks");
	set("pool.ticks.check_interval", "1_000");
	set("pool.fair.kind", "threads");
	set("pool.fair.policy", "fair");
	set("pool.fair.quantum_us", "20000");
	set("pool.fair.timer_us", "1000");
	set("pool.free.kind", "threads");
	set("pool.free.locks", "0");
	set("pool.free.overhead_pct", "8");
	set("pool.free.events", "on");
	set("pool.many.kind", "threads");
	set("pool.many.locks", "4");
	set("pool.many.affinity", "spread");
	set("pool.many.events_kept", "64");
	set("pool.processes.affinity", "one");
	finish();
	ck_assert_int_eq(pool("ticks")->policy, GIL_TICKS);
	ck_assert_uint_eq(pool("ticks")->check_interval, 1000);
	ck_assert_int_eq(pool("fair")->policy, GIL_FAIR);
	ck_assert_uint_eq(pool("fair")->quantum_us, 20000);
	ck_assert_uint_eq(pool("fair")->timer_us, 1000);
	ck_assert_uint_eq(pool("free")->locks, 0);
	ck_assert_uint_eq(pool("free")->overhead_pct, 8);
	ck_assert(pool("free")->events);
	ck_assert_uint_eq(pool("many")->locks, 4);
	ck_assert_int_eq(pool("many")->affinity, AFFINITY_SPREAD);
	ck_assert_uint_eq(pool("many")->events_kept, 64);
	ck_assert_int_eq(pool("processes")->affinity, AFFINITY_ONE);
}
END_TEST

START_TEST(a_preset_is_a_policy_with_its_own_defaults)
{
	set("pool.threads.policy", "ruby");
	set("pool.other.kind", "threads");
	set("pool.other.policy", "ocaml");
	set("pool.mixed.kind", "threads");
	set("pool.mixed.quantum_us", "7");
	set("pool.mixed.policy", "ruby");
	finish();
	ck_assert_int_eq(pool("threads")->policy, GIL_FAIR);
	ck_assert_uint_eq(pool("threads")->quantum_us, 100000);
	ck_assert_uint_eq(pool("threads")->timer_us, 10000);
	ck_assert_int_eq(pool("other")->policy, GIL_FAIR);
	ck_assert_uint_eq(pool("other")->quantum_us, 50000);
	ck_assert_uint_eq(pool("other")->timer_us, 0);
	ck_assert_uint_eq(pool("mixed")->quantum_us, 7);
	ck_assert_uint_eq(pool("mixed")->timer_us, 10000);
}
END_TEST

START_TEST(each_lock_needs_a_thread)
{
	set("pool.threads.size", "3");
	set("pool.threads.locks", "3");
	finish();
	set("pool.threads.locks", "4");
	ck_assert_int_eq(options_finish(&settings, error), -1);
	ck_assert_str_eq(error,
	    "pool.threads.locks: 4 locks are too many for 3 threads: each "
	    "needs a thread");
}
END_TEST

START_TEST(a_pool_under_hold_is_fine_without)
{
	set("pool.threads.policy", "hold");
	finish();
	ck_assert_int_eq(pool("threads")->policy, GIL_HOLD);
	/* The lock's own configuration wants one that is right. */
	ck_assert_uint_eq(pool("threads")->interval_us, 5000);
}
END_TEST

START_TEST(the_description_has_every_option_and_fits)
{
	char *text, *rest, name[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	options_describe(out);
	fclose(out);
	for (size_t i = 0; i < settings_table.n_rows; i++) {
		snprintf(
		    name, sizeof(name), "\n  %s=", settings_table.rows[i].name);
		ck_assert_msg(
		    strstr(text, name + (i == 0)) != NULL, "%s", name);
	}
	for (size_t i = 0; i < pool_table.n_rows; i++) {
		snprintf(name, sizeof(name), "\n  pool.NAME.%s",
		    pool_table.rows[i].name);
		ck_assert_msg(strstr(text, name) != NULL, "%s", name);
	}
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		ck_assert_msg(strlen(line) < 80, "%s", line);
		ck_assert_int_eq(line[OPTIONS_DESCRIBE_COLUMN - 1], ' ');
		ck_assert_int_ne(line[OPTIONS_DESCRIBE_COLUMN], ' ');
	}
	free(text);
}
END_TEST

START_TEST(settings_are_freed_once)
{
	settings_free(NULL);
	set("listen", "h:1,h:2");
	settings_free(&settings);
	ck_assert_uint_eq(settings.n_listen, 0);
	settings_free(&settings);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_defaults_are_as_documented);
	tcase_add_test(tcase, processes_are_as_many_as_cpus_allowed);
	tcase_add_test(tcase, every_row_keeps_to_its_bounds);
	tcase_add_test(tcase, every_row_has_a_name_and_a_field_of_its_own);
	tcase_add_loop_test(
	    tcase, values_may_be_written_in_several_ways, 0, COUNT(taken));
	tcase_add_loop_test(
	    tcase, what_is_no_integer_is_refused, 0, COUNT(no_integers));
	tcase_add_loop_test(tcase,
	    what_is_wrong_is_explained_and_changes_nothing, 0, COUNT(refused));
	tcase_add_test(tcase, a_long_value_is_cut_in_its_error);
	tcase_add_test(tcase, a_list_of_addresses_replaces_the_one_before);
	tcase_add_test(tcase, an_address_of_its_own_may_hold_a_comma);
	tcase_add_test(tcase, the_default_pools_can_be_changed);
	tcase_add_test(tcase, a_pool_is_made_by_its_kind);
	tcase_add_test(tcase, a_pools_kind_can_be_changed);
	tcase_add_test(tcase, sixteen_pools_and_no_more);
	tcase_add_test(tcase, a_name_as_long_as_names_may_be);
	tcase_add_loop_test(tcase,
	    an_option_that_a_pool_has_no_use_for_is_refused, 0, COUNT(useless));
	tcase_add_test(tcase, every_option_has_its_use);
	tcase_add_test(tcase, a_preset_is_a_policy_with_its_own_defaults);
	tcase_add_test(tcase, each_lock_needs_a_thread);
	tcase_add_test(tcase, a_pool_under_hold_is_fine_without);
	tcase_add_test(tcase, the_description_has_every_option_and_fits);
	tcase_add_test(tcase, settings_are_freed_once);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
