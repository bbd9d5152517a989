/* The names of policies and presets, and what a preset changes. */
#include "daemon/gil_policy.h"

#include <check.h>

#include "daemon/clock.h"
#include "tests/unit/suite.h"

static struct gil_parameters
parameters_odd(void)
{
	return (struct gil_parameters){
	    .policy = GIL_HOLD,
	    .force = true,
	    .has_events = true,
	    .interval_ns = 1,
	    .check_interval = 2,
	    .quantum_ns = 3,
	    .timer_ns = 4,
	};
}

START_TEST(the_defaults_are_cpythons)
{
	struct gil_parameters parameters;

	gil_parameters_init(&parameters);
	ck_assert_int_eq(parameters.policy, GIL_INTERVAL);
	ck_assert(parameters.force);
	ck_assert(!parameters.has_events);
	ck_assert_uint_eq(parameters.interval_ns, 5 * NS_PER_MS);
	ck_assert_uint_eq(parameters.check_interval, 100);
	ck_assert_uint_eq(parameters.quantum_ns, 5 * NS_PER_MS);
	ck_assert_uint_eq(parameters.timer_ns, 0);
}
END_TEST

START_TEST(the_first_presets_are_the_policies)
{
	for (size_t i = 0; i < GIL_POLICY_COUNT; i++) {
		struct gil_parameters parameters = parameters_odd();
		struct gil_parameters before = parameters;

		ck_assert_str_eq(
		    gil_preset_name(i), gil_policy_name((enum gil_policy)i));
		ck_assert_int_eq(
		    gil_preset_apply(gil_preset_name(i), &parameters), 0);
		ck_assert_uint_eq(parameters.policy, i);
		ck_assert_uint_eq(parameters.interval_ns, before.interval_ns);
		ck_assert_uint_eq(
		    parameters.check_interval, before.check_interval);
		ck_assert_uint_eq(parameters.quantum_ns, before.quantum_ns);
		ck_assert_uint_eq(parameters.timer_ns, before.timer_ns);
		ck_assert(parameters.force && parameters.has_events);
	}
}
END_TEST

START_TEST(the_others_are_fair_with_a_quantum_of_their_own)
{
	static const struct {
		const char *name;
		uint64_t quantum_ns, timer_ns;
	} relatives[] = {
	    {"ruby", 100 * NS_PER_MS, 10 * NS_PER_MS},
	    {"ocaml", 50 * NS_PER_MS, 0},
	};

	ck_assert_uint_eq(GIL_PRESETS, GIL_POLICY_COUNT + COUNT(relatives));
	for (size_t i = 0; i < COUNT(relatives); i++) {
		struct gil_parameters parameters = parameters_odd();

		ck_assert_str_eq(
		    gil_preset_name(GIL_POLICY_COUNT + i), relatives[i].name);
		ck_assert_int_eq(
		    gil_preset_apply(relatives[i].name, &parameters), 0);
		ck_assert_int_eq(parameters.policy, GIL_FAIR);
		ck_assert_uint_eq(
		    parameters.quantum_ns, relatives[i].quantum_ns);
		ck_assert_uint_eq(parameters.timer_ns, relatives[i].timer_ns);
		ck_assert_uint_eq(parameters.interval_ns, 1);
		ck_assert(parameters.force && parameters.has_events);
	}
}
END_TEST

START_TEST(what_is_no_preset_changes_nothing)
{
	static const char *const names[] = {"", "Fair", "fair ", "python"};

	ck_assert_ptr_null(gil_preset_name(GIL_PRESETS));
	for (size_t i = 0; i < COUNT(names); i++) {
		struct gil_parameters parameters = parameters_odd();

		ck_assert_int_eq(gil_preset_apply(names[i], &parameters), -1);
		ck_assert_int_eq(parameters.policy, GIL_HOLD);
		ck_assert_uint_eq(parameters.quantum_ns, 3);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gil_policy");
	TCase *presets = tcase_create("presets");

	tcase_add_test(presets, the_defaults_are_cpythons);
	tcase_add_test(presets, the_first_presets_are_the_policies);
	tcase_add_test(
	    presets, the_others_are_fair_with_a_quantum_of_their_own);
	tcase_add_test(presets, what_is_no_preset_changes_nothing);
	suite_add_tcase(suite, presets);
	return suite_main(suite);
}
