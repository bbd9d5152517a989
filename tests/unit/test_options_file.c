/*
 * The configuration file: what it may say, what its errors say, and that what
 * options_print() writes reads back as the same settings.
 */
#include "daemon/options.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/option.h"
#include "daemon/option_table.h"
#include "tests/unit/suite.h"

#define FILE_NAME "gild.conf"

static struct settings settings;
static char error[OPTIONS_ERROR_CHARS + 1];
static char directory[64];

static void
setup(void)
{
	strcpy(directory, "/tmp/gild-options-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	options_init(&settings);
}

static void
teardown(void)
{
	settings_free(&settings);
	unlink(FILE_NAME);
	ck_assert_int_eq(rmdir(directory), 0);
}

static void
write_file(const char *text, size_t length)
{
	FILE *file = fopen(FILE_NAME, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static int
read_text(const char *text)
{
	write_file(text, strlen(text));
	return options_read_file(&settings, FILE_NAME, error);
}

static void
take(const char *text)
{
	ck_assert_msg(read_text(text) == 0, "%s", error);
	ck_assert_msg(options_finish(&settings, error) == 0, "%s", error);
}

static const struct pool_settings *
pool(const char *name)
{
	const struct pool_settings *found = settings_find_pool(&settings, name);

	ck_assert_msg(found != NULL, "no pool %s", name);
	return found;
}

START_TEST(a_file_sets_what_it_says)
{
	take("# a comment\n"
	     "listen = {\"127.0.0.1:1\", \"unix:/run/s\"}\n"
	     "allow_remote = yes // another\n"
	     "frontends = 3\n"
	     "max_connections = 10 max_jobs = 50_000\n"
	     "max_in_flight = 12\n"
	     "max_batch=13\n"
	     "max_workers = \"14\"\n"
	     "max_line = 64k\n"
	     "/* and one of\n two lines */ max_unsent = 2M\n"
	     "max_attempts = '5'\n"
	     "drain_timeout = 500ms\n"
	     "pool \"a\" {\n\tsize = 6\n\tkind = processes\n}\n"
	     "pool b { kind = threads policy = hold }\n"
	     "pool d { policy = ruby kind = threads size = 2 locks = 2 }\n"
	     "pool e { overhead_pct = 8 locks = 0 kind = threads }\n"
	     "pool 'c' {\n\tforce = off\n\tinterval_us = 7\n"
	     "\tpolicy = interval\n\tkind = threads\n}");
	ck_assert_uint_eq(settings.n_listen, 2);
	ck_assert_str_eq(settings.listen[0], "127.0.0.1:1");
	ck_assert_str_eq(settings.listen[1], "unix:/run/s");
	ck_assert(settings.allow_remote);
	ck_assert_uint_eq(settings.frontends, 3);
	ck_assert_uint_eq(settings.max_connections, 10);
	ck_assert_uint_eq(settings.max_jobs, 50000);
	ck_assert_uint_eq(settings.max_in_flight, 12);
	ck_assert_uint_eq(settings.max_batch, 13);
	ck_assert_uint_eq(settings.max_workers, 14);
	ck_assert_uint_eq(settings.max_line_bytes, 65536);
	ck_assert_uint_eq(settings.max_unsent_bytes, 2097152);
	ck_assert_uint_eq(settings.max_attempts, 5);
	ck_assert_uint_eq(settings.drain_timeout_ns, 500000000);
	ck_assert_uint_eq(settings.n_pools, 5);
	ck_assert_int_eq(pool("a")->kind, POOL_PROCESSES);
	ck_assert_uint_eq(pool("a")->size, 6);
	ck_assert_int_eq(pool("b")->kind, POOL_THREADS);
	ck_assert_int_eq(pool("b")->policy, GIL_HOLD);
	ck_assert_uint_eq(pool("c")->interval_us, 7);
	ck_assert(!pool("c")->force);
	ck_assert_int_eq(pool("d")->policy, GIL_FAIR);
	ck_assert_uint_eq(pool("d")->locks, 2);
	ck_assert_uint_eq(pool("d")->timer_us, 10000);
	ck_assert_uint_eq(pool("e")->overhead_pct, 8);
}
END_TEST

static const char *const empty[] = {
    "", "\n", "# nothing", "# nothing\n", "/* nothing */", "  \t\n\n// x"};

START_TEST(a_file_that_says_nothing_leaves_the_defaults)
{
	take(empty[_i]);
	ck_assert_uint_eq(settings.frontends, 2);
	ck_assert_uint_eq(settings.n_listen, 1);
	ck_assert_uint_eq(settings.n_pools, 2);
	ck_assert_uint_eq(pool("threads")->size, 4);
}
END_TEST

START_TEST(a_file_with_a_pool_has_no_others)
{
	take("pool \"threads\" { kind = threads }");
	ck_assert_uint_eq(settings.n_pools, 1);
	ck_assert_uint_eq(pool("threads")->size, 4);
	ck_assert_int_eq(
	    options_set(&settings, "pool.processes.size", "2", error), -1);
	ck_assert_str_eq(error,
	    "pool.processes.size: there is no pool "
	    "\"processes\": set pool.processes.kind first");
}
END_TEST

START_TEST(the_command_line_goes_before_the_file)
{
	static const char *const listen[] = {"127.0.0.1:9"};

	ck_assert_int_eq(read_text("frontends = 3 max_jobs = 30\n"
				   "listen = {\"h:1\", \"h:2\"}\n"
				   "pool \"a\" { kind = threads size = 3 }"),
	    0);
	ck_assert_int_eq(options_set(&settings, "frontends", "4", error), 0);
	ck_assert_int_eq(options_set(&settings, "pool.a.size", "5", error), 0);
	ck_assert_int_eq(
	    options_set(&settings, "pool.b.kind", "processes", error), 0);
	ck_assert_int_eq(options_set_listen(&settings, listen, 1, error), 0);
	ck_assert_int_eq(options_finish(&settings, error), 0);
	ck_assert_uint_eq(settings.frontends, 4);
	ck_assert_uint_eq(settings.max_jobs, 30);
	ck_assert_uint_eq(settings.n_listen, 1);
	ck_assert_str_eq(settings.listen[0], "127.0.0.1:9");
	ck_assert_uint_eq(settings.n_pools, 2);
	ck_assert_uint_eq(pool("a")->size, 5);
}
END_TEST

START_TEST(a_list_may_do_without_braces_and_grow)
{
	take("listen = \"h:1\"\nlisten += \"h:2\"\nlisten += {\"h:3\", "
	     "\"h:4\"}");
	ck_assert_uint_eq(settings.n_listen, 4);
	ck_assert_str_eq(settings.listen[0], "h:1");
	ck_assert_str_eq(settings.listen[3], "h:4");
}
END_TEST

START_TEST(the_environment_is_asked_outside_of_single_quotes)
{
	setenv("GILD_TEST_NUMBER", "7", 1);
	unsetenv("GILD_TEST_NOTHING");
	take("frontends = ${GILD_TEST_NUMBER}\n"
	     "max_jobs = \"${GILD_TEST_NOTHING:-9}\"\n"
	     "listen = {'unix:${GILD_TEST_NUMBER}',"
	     " \"unix:\\${GILD_TEST_NUMBER}\"}");
	ck_assert_uint_eq(settings.frontends, 7);
	ck_assert_uint_eq(settings.max_jobs, 9);
	ck_assert_str_eq(settings.listen[0], "unix:${GILD_TEST_NUMBER}");
	ck_assert_str_eq(settings.listen[1], "unix:${GILD_TEST_NUMBER}");
}
END_TEST

START_TEST(quotes_and_hashes_in_a_variable_are_its_own)
{
	unsetenv("GILD_TEST_NOTHING");
	take("listen = {${GILD_TEST_NOTHING:-unix:/#\"},"
	     " \"${GILD_TEST_NOTHING:-unix:/\"}\"} # a comment's\n");
	ck_assert_uint_eq(settings.n_listen, 2);
	ck_assert_str_eq(settings.listen[0], "unix:/#\"");
	ck_assert_str_eq(settings.listen[1], "unix:/\"");
}
END_TEST

/* And all that follow: test_options looks at each. */
#define ALL "there are listen, allow_remote, ..."

static const struct {
	const char *text, *error;
} wrong[] = {
    {"\nfrontends = 0",
	"gild.conf:2: frontends: must be an integer from 1 to 64, not \"0\""},
    {"frontends =\n\n0\n\n",
	"gild.conf:3: frontends: must be an integer from 1 to 64, not \"0\""},
    {"frontends = 0\nmax_jobs = 0",
	"gild.conf:1: frontends: must be an integer from 1 to 64, not \"0\""},
    {"frontends = -1",
	"gild.conf:1: frontends: must be an integer from 1 to 64, not \"-1\""},
    {"frontends = \"\"",
	"gild.conf:1: frontends: must be an integer from 1 to 64, not \"\""},
    {"pool \"x\" {\n\tkind = threads\n\tsize = 0\n}",
	"gild.conf:3: pool.x.size: must be an integer from 1 to 1024, not "
	"\"0\""},
    {"frontends = 1\n\nfrontends = 1",
	"gild.conf:3: frontends is set a "
	"second time"},
    {"pool x { kind = threads size = 1 size = 1 }",
	"gild.conf:1: size is set a second time"},
    {"\n\nfrontend = 2",
	"gild.conf:3: unknown option \"frontend\": did you mean "
	"\"frontends\"?"},
    {"colour = red", "gild.conf:1: unknown option \"colour\": " ALL},
    {"size = 2",
	"gild.conf:1: unknown option \"size\": it is a pool's, as "
	"in pool.threads.size"},
    {"pool \"x\" {\n\tsizes = 2\n}",
	"gild.conf:2: unknown option \"pool.x.sizes\": did you mean "
	"\"pool.x.size\"?"},
    {"pool \"x\" { pool \"y\" { } }",
	"gild.conf:1: unknown option \"pool.x.pool\": there are kind, size, "
	"affinity, locks, overhead_pct, policy, interval_us, force, "
	"check_interval, quantum_us, timer_us, events and events_kept"},
    {"include(\"other\")", "gild.conf:1: unknown option \"include\": " ALL},
    {"pool x { kind = threads }\n\"pool=x|size\" = 5",
	"gild.conf:2: unknown option \"size\": it is a pool's, as in "
	"pool.threads.size"},
    {"pool \"x\" {\n\tsize = 2\n}\n",
	"gild.conf:3: pool \"x\" has no kind: write kind = threads or "
	"processes"},
    {"pool \"x\" { }",
	"gild.conf:1: pool \"x\" has no kind: write kind = threads or "
	"processes"},
    {"pool \"x\" { kind = green }",
	"gild.conf:1: pool.x.kind: must be threads or processes, not "
	"\"green\""},
    {"pool \"X\" { kind = threads }",
	"gild.conf:1: \"X\" cannot be a pool's name: write 1 to 31 of a-z, "
	"0-9, - and _, a letter first"},
    {"pool \"a.b\" { kind = threads }",
	"gild.conf:1: \"a.b\" cannot be a pool's name: write 1 to 31 of a-z, "
	"0-9, - and _, a letter first"},
    {"pool \"x\" { kind = threads }\npool \"x\" { kind = threads }",
	"gild.conf:2: pool \"x\" is there a second time"},
    {"pool \"x\" {\n kind = processes\n policy = hold\n}",
	"gild.conf:4: pool.x.policy: worker processes share no lock, so it "
	"takes no policy"},
    {"pool \"x\" {\n overhead_pct = 5\n kind = threads\n}",
	"gild.conf:4: pool.x.overhead_pct: only threads without a lock have "
	"an overhead, so it takes no overhead_pct"},
    {"pool \"x\" {\n kind = threads\n events_kept = 100\n}",
	"gild.conf:3: pool.x.events_kept: must be a power of two from 64 to "
	"1048576, such as 4096, not \"100\""},
    {"pool \"x\" { kind = threads policy = hold interval_us = 5 }",
	"gild.conf:1: pool.x.interval_us: under policy hold nobody asks for "
	"the lock, so it takes no interval_us"},
    {"pool { kind = threads }",
	"gild.conf:1: missing title for section 'pool'"},
    {"listen = {\n\"127.0.0.1\"}",
	"gild.conf:2: listen: \"127.0.0.1\" has no port: write "
	"127.0.0.1:4453"},
    {"listen = {}", "gild.conf: listen: takes 1 to 16 addresses, not {}"},
    {"listen = {h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,h:1,"
     "h:1,h:1}",
	"gild.conf:1: listen: takes 1 to 16 addresses"},
    {"frontends 2", "gild.conf:1: missing equal sign after option 'frontends'"},
    {"frontends = {2}", "gild.conf:1: unexpected token '{'"},
    {"frontends += 2",
	"gild.conf:1: attempt to append to non-list option 'frontends'"},
    {"}", "gild.conf:1: unexpected closing brace"},
    {"= 2", "gild.conf:1: unexpected token '='"},
    {"frontends = \"\\400\"", "gild.conf:1: invalid octal number '\\400'"},
    {"frontends =",
	"gild.conf:2: frontends: the file ends where its value should be"},
    {"listen = {\"h:1\",",
	"gild.conf:2: listen: the file ends where its value should be"},
    {"\nfrontends = \"2\n\n",
	"gild.conf:2: a quoted text is not closed: write its second quote"},
    {"\nfrontends = '2\n\n",
	"gild.conf:2: a quoted text is not closed: write its second quote"},
    {"pool \"x\" {\n\tkind = threads\n",
	"gild.conf:4: pool \"x\" is not closed: write }"},
    {"# one\n/* two\nit's # three */ frontends = 2 # \"four\n// five\n"
     "frontend = 1",
	"gild.conf:5: unknown option \"frontend\": did you mean "
	"\"frontends\"?"},
    {"listen = {unix:/tmp//x, \"unix:#\", 'unix:\\'#'}\nfrontends = 0",
	"gild.conf:2: frontends: must be an integer from 1 to 64, not \"0\""},
    {"\nfrontends = 2 /* two\n",
	"gild.conf:2: a comment is not closed: write */"},
};

/* "..." at the end stands for all that follow. */
START_TEST(what_is_wrong_has_its_line)
{
	const char *more = strstr(wrong[_i].error, "...");

	ck_assert_int_eq(read_text(wrong[_i].text), -1);
	if (more == NULL)
		ck_assert_str_eq(error, wrong[_i].error);
	else
		ck_assert_int_eq(strncmp(error, wrong[_i].error,
				     (size_t)(more - wrong[_i].error)),
		    0);
}
END_TEST

START_TEST(a_wrong_file_does_not_spoil_the_next)
{
	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert_int_eq(read_text(wrong[i].text), -1);
	settings_free(&settings);
	options_init(&settings);
	take("frontends = 5");
	ck_assert_uint_eq(settings.frontends, 5);
}
END_TEST

START_TEST(seventeen_pools_are_one_too_many)
{
	char text[2000] = "";

	for (int i = 1; i <= 17; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "pool \"p%d\" { kind = threads }\n", i);
	ck_assert_int_eq(read_text(text), -1);
	ck_assert_str_eq(error,
	    "gild.conf:17: pool \"p17\" is one too many: "
	    "there are at most 16");
}
END_TEST

START_TEST(what_is_no_file_is_explained)
{
	ck_assert_int_eq(
	    options_read_file(&settings, "no/such/file", error), -1);
	ck_assert_str_eq(
	    error, "no/such/file: cannot be opened: No such file or directory");
	ck_assert_int_eq(options_read_file(&settings, ".", error), -1);
	ck_assert_str_eq(error, ".: cannot be read: Is a directory");
}
END_TEST

START_TEST(a_pipe_will_do)
{
	ck_assert_int_eq(mkfifo(FILE_NAME, 0600), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		FILE *file = fopen(FILE_NAME, "w");

		fputs("frontends = 9", file);
		fclose(file);
		_exit(0);
	}
	ck_assert_int_eq(options_read_file(&settings, FILE_NAME, error), 0);
	ck_assert_uint_eq(settings.frontends, 9);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(what_is_no_text_is_refused)
{
	char *text = malloc(1 << 20);

	write_file("frontends = 2\0\n", 15);
	ck_assert_int_eq(options_read_file(&settings, FILE_NAME, error), -1);
	ck_assert_str_eq(error, "gild.conf: is no text: it has a NUL byte");
	memset(text, '\n', 1 << 20);
	write_file(text, 1 << 20);
	ck_assert_int_eq(options_read_file(&settings, FILE_NAME, error), -1);
	ck_assert_str_eq(
	    error, "gild.conf: is too long for a configuration: 1M or more");
	write_file(text, (1 << 20) - 1);
	ck_assert_int_eq(options_read_file(&settings, FILE_NAME, error), 0);
	free(text);
}
END_TEST

START_TEST(long_words_are_cut_in_errors)
{
	char text[5000];

	memset(text, 'x', sizeof(text));
	strcpy(text + sizeof(text) - 5, " = 2");
	ck_assert_int_eq(read_text(text), -1);
	ck_assert_int_eq(
	    strncmp(error, "gild.conf:1: unknown option \"xxx", 31), 0);
	memcpy(text, "pool ", 5);
	strcpy(text + sizeof(text) - 20, " { kind = threads }");
	ck_assert_int_eq(read_text(text), -1);
	ck_assert_ptr_nonnull(strstr(error, "cannot be a pool's name"));
	memcpy(text, "listen = ", 9);
	strcpy(text + sizeof(text) - 2, "\n");
	ck_assert_int_eq(read_text(text), -1);
	memset(text, '/', sizeof(text) - 1);
	ck_assert_int_eq(options_read_file(&settings, text, error), -1);
	ck_assert_int_eq(strncmp(error, "////", 4), 0);
}
END_TEST

/* --- printed and read again --- */

static void
check_same(const struct settings *a, const struct settings *b)
{
	ck_assert_uint_eq(a->n_listen, b->n_listen);
	for (size_t i = 0; i < a->n_listen; i++)
		ck_assert_str_eq(a->listen[i], b->listen[i]);
	for (size_t i = 0; i < settings_table.n_rows; i++) {
		const struct option_row *row = &settings_table.rows[i];

		ck_assert_mem_eq((const char *)a + row->offset,
		    (const char *)b + row->offset, row->width);
	}
	ck_assert_uint_eq(a->n_pools, b->n_pools);
	for (size_t i = 0; i < a->n_pools; i++) {
		const struct pool_settings *p = &a->pools[i];

		ck_assert_str_eq(p->name, b->pools[i].name);
		for (size_t j = 0; j < pool_table.n_rows; j++) {
			const struct option_row *row = &pool_table.rows[j];

			ck_assert_mem_eq((const char *)p + row->offset,
			    (const char *)&b->pools[i] + row->offset,
			    row->width);
		}
	}
}

/* Ours must be finished; gives them back as a second reader has them. */
static void
check_round_trip(void)
{
	struct settings again;
	FILE *out = fopen(FILE_NAME, "w");

	ck_assert_int_eq(options_print(&settings, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	options_init(&again);
	ck_assert_msg(
	    options_read_file(&again, FILE_NAME, error) == 0, "%s", error);
	ck_assert_int_eq(options_finish(&again, error), 0);
	check_same(&settings, &again);
	settings_free(&again);
}

START_TEST(the_defaults_are_printed_as_documented)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	take("pool \"threads\" { kind = threads }\n"
	     "pool \"held\" { kind = threads policy = hold }\n"
	     "pool \"ruby\" { kind = threads policy = ruby events = on }\n"
	     "pool \"free\" { kind = threads locks = 0 affinity = one }\n"
	     "pool \"processes\" { kind = processes size = 2 }\n");
	ck_assert_int_eq(options_print(&settings, out), 0);
	fclose(out);
	ck_assert_str_eq(text,
	    "listen = {\"127.0.0.1:4453\"}\n"
	    "allow_remote = false\n"
	    "log_format = auto\n"
	    "frontends = 2\n"
	    "queue = fair\n"
	    "spin_us = 50\n"
	    "max_connections = 4096\n"
	    "max_jobs = 16384\n"
	    "max_in_flight = 4096\n"
	    "max_queued = 0\n"
	    "max_rate = 0\n"
	    "max_batch = 1000\n"
	    "max_workers = 64\n"
	    "max_line = 1M\n"
	    "max_unsent = 1M\n"
	    "max_client_bytes = 256M\n"
	    "idle_timeout = 0\n"
	    "line_timeout = 30s\n"
	    "stall_timeout = 1m\n"
	    "max_attempts = 3\n"
	    "drain_timeout = 30s\n"
	    "heartbeat_timeout = 5s\n"
	    "user = \"\"\n"
	    "sandbox = true\n"
	    "state_dir = \"\"\n"
	    "record = detached\n"
	    "keep_for = 168h\n"
	    "keep_size = 1G\n"
	    "commit_group = 1024\n"
	    "max_detached = 100000\n"
	    "\npool \"threads\" {\n"
	    "\tkind = threads\n"
	    "\tsize = 4\n"
	    "\taffinity = none\n"
	    "\tlocks = 1\n"
	    "\tpolicy = interval\n"
	    "\tinterval_us = 5000\n"
	    "\tforce = true\n"
	    "\tevents = false\n"
	    "\tevents_kept = 16384\n"
	    "}\n"
	    "\npool \"held\" {\n"
	    "\tkind = threads\n"
	    "\tsize = 4\n"
	    "\taffinity = none\n"
	    "\tlocks = 1\n"
	    "\tpolicy = hold\n"
	    "\tevents = false\n"
	    "\tevents_kept = 16384\n"
	    "}\n"
	    "\npool \"ruby\" {\n"
	    "\tkind = threads\n"
	    "\tsize = 4\n"
	    "\taffinity = none\n"
	    "\tlocks = 1\n"
	    "\tpolicy = ruby\n"
	    "\tquantum_us = 100000\n"
	    "\ttimer_us = 10000\n"
	    "\tevents = true\n"
	    "\tevents_kept = 16384\n"
	    "}\n"
	    "\npool \"free\" {\n"
	    "\tkind = threads\n"
	    "\tsize = 4\n"
	    "\taffinity = one\n"
	    "\tlocks = 0\n"
	    "\toverhead_pct = 0\n"
	    "\tevents = false\n"
	    "\tevents_kept = 16384\n"
	    "}\n"
	    "\npool \"processes\" {\n"
	    "\tkind = processes\n"
	    "\tsize = 2\n"
	    "\taffinity = none\n"
	    "}\n");
	free(text);
	check_round_trip();
}
END_TEST

START_TEST(any_address_comes_back)
{
	static const char *const texts[] = {"127.0.0.1:0", "[::1]:65535",
	    "unix:/with \"quotes\" and 'others'", "unix:/back\\slash\\",
	    "unix:${HOME}", "unix:$", "unix:/a,b", "unix:{}#//",
	    "unix:\x01\t\r\n\x7f", "unix:\\x41\\101", "unix:\xc3\xbc"};

	ck_assert_int_eq(
	    options_set_listen(&settings, texts, COUNT(texts), error), 0);
	ck_assert_int_eq(options_finish(&settings, error), 0);
	check_round_trip();
}
END_TEST

/* A fixed generator: each run is the same. */
static uint64_t
next_number(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 11;
}

static void
set_any(const char *prefix, const struct option_row *row, uint64_t max,
    uint64_t *state)
{
	char name[80], value[80];
	uint64_t number = row->min + next_number(state) % (max - row->min + 1);

	/* Down to its highest bit. */
	if (row->type == OPTION_POWER)
		number = UINT64_C(1) << (63 - __builtin_clzll(number));
	snprintf(name, sizeof(name), "%s%s", prefix, row->name);
	if (row->type == OPTION_CHOICE)
		snprintf(value, sizeof(value), "%s", row->choice_name(number));
	else if (row->type == OPTION_BOOLEAN)
		snprintf(value, sizeof(value), "%s", number ? "on" : "off");
	else if (row->type == OPTION_TEXT)
		snprintf(value, sizeof(value), "\"$%llu}\\",
		    (unsigned long long)next_number(state));
	else
		snprintf(value, sizeof(value), "%llu%s",
		    (unsigned long long)number,
		    row->type == OPTION_DURATION ? "ns" : "");
	ck_assert_msg(
	    options_set(&settings, name, value, error) == 0, "%s", error);
}

START_TEST(any_settings_come_back)
{
	uint64_t state = (uint64_t)_i;
	char name[32], prefix[48];

	for (size_t i = 0; i < settings_table.n_rows; i++) {
		if (settings_table.rows[i].type != OPTION_ADDRESSES)
			set_any("", &settings_table.rows[i],
			    settings_table.rows[i].max, &state);
	}
	for (size_t i = 0; i < 8; i++) {
		const struct pool_settings *added = NULL;

		snprintf(name, sizeof(name), "p%zu", i);
		snprintf(prefix, sizeof(prefix), "pool.%s.", name);
		for (size_t j = 0; j < pool_table.n_rows; j++) {
			const struct option_row *row = &pool_table.rows[j];

			/* Each lock needs a thread. */
			if (added == NULL || option_applies(row, added))
				set_any(prefix, row,
				    strcmp(row->name, "locks") == 0
					? added->size
					: row->max,
				    &state);
			added = settings_find_pool(&settings, name);
		}
	}
	ck_assert_msg(options_finish(&settings, error) == 0, "%s", error);
	ck_assert_uint_eq(settings.n_pools, 10);
	check_round_trip();
}
END_TEST

START_TEST(a_full_disk_is_noticed)
{
	FILE *out = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(options_finish(&settings, error), 0);
	ck_assert_int_eq(options_print(&settings, out), -1);
	fclose(out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("options_file");
	TCase *tcase = tcase_create("options_file");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_file_sets_what_it_says);
	tcase_add_loop_test(tcase, a_file_that_says_nothing_leaves_the_defaults,
	    0, COUNT(empty));
	tcase_add_test(tcase, a_file_with_a_pool_has_no_others);
	tcase_add_test(tcase, the_command_line_goes_before_the_file);
	tcase_add_test(tcase, a_list_may_do_without_braces_and_grow);
	tcase_add_test(
	    tcase, the_environment_is_asked_outside_of_single_quotes);
	tcase_add_test(tcase, quotes_and_hashes_in_a_variable_are_its_own);
	tcase_add_loop_test(tcase, what_is_wrong_has_its_line, 0, COUNT(wrong));
	tcase_add_test(tcase, a_wrong_file_does_not_spoil_the_next);
	tcase_add_test(tcase, seventeen_pools_are_one_too_many);
	tcase_add_test(tcase, what_is_no_file_is_explained);
	tcase_add_test(tcase, a_pipe_will_do);
	tcase_add_test(tcase, what_is_no_text_is_refused);
	tcase_add_test(tcase, long_words_are_cut_in_errors);
	tcase_add_test(tcase, the_defaults_are_printed_as_documented);
	tcase_add_test(tcase, any_address_comes_back);
	tcase_add_loop_test(tcase, any_settings_come_back, 0, 50);
	tcase_add_test(tcase, a_full_disk_is_noticed);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
