/*
 * Load scripts: what is read, what is filled in, and that every error names
 * its place and says what would be right.
 */
#include "client/load_script.h"

#include <check.h>
#include <string.h>

#include "tests/unit/load_fixture.h"
#include "tests/unit/suite.h"

static struct load_script script;

START_TEST(all_of_a_script_is_read)
{
	load_fixture(&script,
	    "{\"title\":\"mornings\",\"arrival\":\"uniform\",\"connections\":6,"
	    "\"threads\":2,\"in_flight\":600,\"seed\":9,\"warm_up_ms\":250,"
	    "\"drain_ms\":1500,\"phases\":["
	    "{\"name\":\"up\",\"for_ms\":1000,\"from\":10,\"to\":99.5},"
	    "{\"for_ms\":2000,\"rate\":99.5}],\"classes\":["
	    "{\"name\":\"tiny\",\"weight\":9,\"count\":1},"
	    "{\"count\":1000,\"pool\":\"threads\",\"workers\":2,\"cost_ns\":15,"
	    "\"profile\":\"io\",\"io_every\":10,\"io_for_us\":20,"
	    "\"priority\":9,\"timeout_ms\":70}],"
	    "\"expect\":\"p99<20ms,errors=0\"}");
	ck_assert_str_eq(script.title, "mornings");
	ck_assert_int_eq(script.mode, LOAD_OPEN);
	ck_assert_int_eq(script.arrival, LOAD_UNIFORM);
	ck_assert_uint_eq(script.connections, 6);
	ck_assert_uint_eq(script.threads, 2);
	ck_assert_uint_eq(script.in_flight, 600);
	ck_assert_uint_eq(script.seed, 9);
	ck_assert_uint_eq(script.warm_up_ns, 250 * MS);
	ck_assert_uint_eq(script.drain_ns, 1500 * MS);
	ck_assert_uint_eq(script.n_phases, 2);
	ck_assert_str_eq(script.phases[0].name, "up");
	ck_assert_uint_eq(script.phases[0].start_ns, 250 * MS);
	ck_assert_double_eq(script.phases[0].from_rate, 10);
	ck_assert_double_eq(script.phases[0].to_rate, 99.5);
	ck_assert_str_eq(script.phases[1].name, "phase 2");
	ck_assert_uint_eq(script.phases[1].start_ns, 1250 * MS);
	ck_assert_double_eq(script.phases[1].from_rate, 99.5);
	ck_assert_double_eq(script.phases[1].to_rate, 99.5);
	ck_assert_uint_eq(load_script_duration_ns(&script), 3250 * MS);
	ck_assert_uint_eq(script.n_classes, 2);
	ck_assert_uint_eq(script.classes[0].weight, 9);
	ck_assert_str_eq(script.classes[1].name, "class 2");
	ck_assert_uint_eq(script.classes[1].weight, 1);
	ck_assert_str_eq(script.classes[1].request.pool, "threads");
	ck_assert_uint_eq(script.classes[1].request.workers, 2);
	ck_assert_int_eq(script.classes[1].request.profile, PROFILE_IO);
	ck_assert_uint_eq(script.classes[1].request.timeout_ms, 70);
	ck_assert_uint_eq(script.n_expectations, 2);
}
END_TEST

START_TEST(what_is_left_out_is_filled_in)
{
	load_fixture(&script,
	    "{\"phases\":[{\"for_ms\":1000,\"rate\":10}],"
	    "\"classes\":[{\"count\":5}]}");
	ck_assert_int_eq(script.arrival, LOAD_POISSON);
	ck_assert_uint_eq(script.connections, 4);
	ck_assert_uint_ge(script.threads, 1);
	ck_assert_uint_le(script.threads, 4);
	ck_assert_uint_eq(script.in_flight, 10000);
	ck_assert_uint_eq(script.warm_up_ns, 500 * MS);
	ck_assert_str_eq(script.phases[0].name, "phase 1");
	ck_assert_str_eq(script.classes[0].name, "class 1");
	ck_assert_str_eq(script.classes[0].request.pool, "processes");
}
END_TEST

/* A connection for each client, and no thread without a connection. */
START_TEST(a_closed_loop_has_clients)
{
	load_fixture(&script,
	    "{\"mode\":\"closed\",\"threads\":8,\"phases\":[{\"for_ms\":10,"
	    "\"clients\":2},{\"for_ms\":10,\"clients\":3}],"
	    "\"classes\":[{\"count\":5}]}");
	ck_assert_uint_eq(script.clients, 3);
	ck_assert_uint_eq(script.connections, 3);
	ck_assert_uint_eq(script.threads, 3);
	ck_assert_uint_eq(script.in_flight, 1);
	ck_assert_uint_eq(script.phases[0].clients, 2);
}
END_TEST

#define PHASES "\"phases\":[{\"for_ms\":10,\"rate\":1}]"
#define CLASSES "\"classes\":[{\"count\":1}]"

static const struct {
	const char *text;
	const char *field;
	const char *detail; /* a part of it */
} wrongs[] = {
    {"[1]", "", "a script must be an object, not an array"},
    {"{" PHASES "," CLASSES ",\"connection\":4}", "connection",
	"did you mean \"connections\""},
    {"{" CLASSES "}", "phases", "phases is missing"},
    {"{" PHASES "}", "classes", "classes is missing"},
    {"{" CLASSES ",\"phases\":[]}", "phases", "a list of 1 to 64 phases"},
    {"{" CLASSES ",\"phases\":{}}", "phases", "a list of 1 to 64 phases"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"rate\":1},7]}", "phases[1]",
	"a phase must be an object, not an integer"},
    {"{" CLASSES ",\"phases\":[{\"rate\":1}]}", "phases[0].for_ms",
	"for_ms is missing"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":0,\"rate\":1}]}", "phases[0].for_ms",
	"from 1 to"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1}]}", "phases[0].rate",
	"has a \"rate\" to hold"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"from\":1}]}", "phases[0].rate",
	"\"from\" which it goes \"to\""},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"rate\":1,\"to\":2}]}",
	"phases[0].rate", "has a \"rate\" to hold"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"rate\":-1}]}", "phases[0].rate",
	"from 0 to 10000000"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"rate\":\"1\"}]}",
	"phases[0].rate", "a number of jobs a second"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"rte\":1}]}", "phases[0].rte",
	"did you mean \"rate\""},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"clients\":1}]}",
	"phases[0].clients", "unknown member"},
    {"{" CLASSES ",\"phases\":[{\"for_ms\":1,\"rate\":0}]}", "phases",
	"nothing would be sent"},
    {"{" CLASSES
     ",\"warm_up_ms\":0,\"phases\":[{\"for_ms\":604800000,\"rate\":1},"
     "{\"for_ms\":1,\"rate\":1}]}",
	"phases[1].for_ms", "seven days"},
    {"{" PHASES ",\"classes\":[{\"count\":1},{\"weight\":2}]}",
	"classes[1].count", "count is missing"},
    {"{" PHASES ",\"classes\":[{\"count\":1,\"weight\":0}]}",
	"classes[0].weight", "from 1 to 1000000"},
    {"{" PHASES ",\"classes\":[{\"count\":1,\"detach\":true}]}",
	"classes[0].detach", "unknown member"},
    {"{" PHASES ",\"classes\":[{\"count\":1,\"pol\":\"x\"}]}", "classes[0].pol",
	"did you mean \"pool\""},
    {"{" PHASES ",\"classes\":[{\"count\":1,\"profile\":\"gpu\"}]}",
	"classes[0].profile", "\"cpu\", \"native\" or \"io\""},
    {"{" PHASES ",\"classes\":[{\"count\":1,\"name\":\"a\"},"
     "{\"count\":2,\"name\":\"a\"}]}",
	"classes[1].name", "there is a class \"a\" already"},
    {"{" PHASES "," CLASSES ",\"mode\":\"opn\"}", "mode",
	"did you mean \"open\""},
    {"{" PHASES "," CLASSES ",\"arrival\":3}", "arrival",
	"arrival must be a string"},
    {"{" PHASES "," CLASSES ",\"clients\":3}", "clients",
	"an open one has a rate"},
    {"{" PHASES "," CLASSES ",\"in_flight\":3}", "in_flight",
	"at least 1 for each of the 4"},
    {"{" PHASES "," CLASSES ",\"title\":\"\"}", "title", "1 to 127 bytes"},
    {"{" PHASES "," CLASSES ",\"expect\":\"p99<\"}", "expect",
	"compares nothing"},
    {"{" CLASSES ",\"mode\":\"closed\",\"phases\":[{\"for_ms\":1}]}", "clients",
	"needs clients"},
    {"{" CLASSES ",\"mode\":\"closed\"," PHASES "}", "phases[0].rate",
	"unknown member"},
    {"{" CLASSES ",\"mode\":\"closed\",\"clients\":100000,"
     "\"in_flight\":1000,\"phases\":[{\"for_ms\":1}]}",
	"in_flight", "of each client"},
};

START_TEST(an_error_names_its_place)
{
	json_t *json = json_loads(wrongs[_i].text, JSON_DECODE_ANY, NULL);
	struct rpc_error error = {0};
	int status;

	ck_assert_ptr_nonnull(json);
	load_script_init(&script);
	status = load_script_from_json(json, &script, &error);
	if (status == 0)
		status = load_script_settle(&script, &error);
	ck_assert_msg(status == -1, "was read: %s", wrongs[_i].text);
	ck_assert_str_eq(error.field, wrongs[_i].field);
	ck_assert_msg(strstr(error.detail, wrongs[_i].detail) != NULL, "%s: %s",
	    wrongs[_i].text, error.detail);
	json_decref(json);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told_of)
{
	struct rpc_error error = {0};

	ck_assert_int_eq(
	    load_script_read("/nonexistent/x.json", &script, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.detail, "cannot be read: No such"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_script");
	TCase *tcase = tcase_create("load_script");

	tcase_add_test(tcase, all_of_a_script_is_read);
	tcase_add_test(tcase, what_is_left_out_is_filled_in);
	tcase_add_test(tcase, a_closed_loop_has_clients);
	tcase_add_loop_test(tcase, an_error_names_its_place, 0, COUNT(wrongs));
	tcase_add_test(tcase, a_file_that_cannot_be_read_is_told_of);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
