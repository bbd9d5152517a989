/*
 * The fitted laws: published data give the published coefficients, exact data
 * their own, and what shows no curve is refused. Standard errors are those that
 * R's nls() gives
 * with a tolerance of 1e-7.
 */
#include "client/fit.h"

#include <check.h>
#include <math.h>

#include "tests/unit/suite.h"

/* How much work a benchmark did on 1 to 216 processors: Gunther's example. */
static const struct fit_point published[] = {{1, 64.9}, {18, 995.9},
    {36, 1652.4}, {72, 1853.2}, {108, 1828.9}, {144, 1775.0}, {216, 1702.2}};

static struct fit
find(enum fit_law law, const struct fit_point points[], size_t n)
{
	struct fit fit;

	ck_assert_int_eq(fit_find(law, points, n, &fit), FIT_FINE);
	return fit;
}

static void
assert_near(double value, double expected, double fraction)
{
	ck_assert_double_le(fabs(value - expected), fabs(expected) * fraction);
}

START_TEST(published_data_give_the_published_coefficients)
{
	struct fit fit = find(FIT_UNIVERSAL, published, COUNT(published));

	assert_near(fit.gamma.value, 89.995, 1e-5);
	assert_near(fit.sigma.value, 0.0277285, 1e-5);
	assert_near(fit.kappa.value, 0.0001044, 1e-3);
	assert_near(fit.gamma.error, 14.2134897, 1e-6);
	assert_near(fit.sigma.error, 0.00912173195, 1e-6);
	assert_near(fit.kappa.error, 1.98752714e-5, 1e-6);
	assert_near(fit.rmse, 62.6255534, 1e-8);
	assert_near(fit.r_squared, 0.989561478, 1e-8);
	ck_assert(fit.has_peak);
	assert_near(fit.peak_n, 96.51956, 1e-5);
	assert_near(fit.peak_x, 1883.89907, 1e-7);
}
END_TEST

START_TEST(amdahls_law_fits_them_worse)
{
	struct fit fit = find(FIT_AMDAHL, published, COUNT(published));

	assert_near(fit.gamma.value, 146.210558, 1e-6);
	assert_near(fit.sigma.value, 0.0736481661, 1e-6);
	assert_near(fit.gamma.error, 43.4279302, 1e-6);
	assert_near(fit.sigma.error, 0.0256522783, 1e-6);
	assert_near(fit.rmse, 136.938667, 1e-8);
	assert_near(fit.r_squared, 0.950089945, 1e-8);
	ck_assert_double_eq(fit.kappa.value, 0);
	ck_assert(!fit.has_peak);
}
END_TEST

/* {gamma, sigma, kappa}: what the points are made from is what is found. */
START_TEST(exact_data_give_their_own_coefficients)
{
	static const struct {
		double gamma, sigma, kappa;
	} rows[] = {
	    {1, 0.5, 0.01},
	    {1e9, 0.02, 0.0005},
	    {1e-3, 0.9, 0.2},
	    {20, 0.999, 1e-6},
	    {3, 0.001, 0.5},
	};
	const double ns[] = {1, 2, 3, 4, 6, 8, 16, 64};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fit_point points[COUNT(ns)];
		const struct fit law = {.gamma.value = rows[i].gamma,
		    .sigma.value = rows[i].sigma,
		    .kappa.value = rows[i].kappa};
		struct fit fit;

		for (size_t j = 0; j < COUNT(ns); j++)
			points[j] =
			    (struct fit_point){ns[j], fit_at(&law, ns[j])};
		fit = find(FIT_UNIVERSAL, points, COUNT(points));
		assert_near(fit.gamma.value, rows[i].gamma, 1e-5);
		assert_near(fit.sigma.value, rows[i].sigma, 1e-4);
		assert_near(fit.kappa.value, rows[i].kappa, 1e-4);
		assert_near(fit.r_squared, 1, 1e-6);
	}
}
END_TEST

START_TEST(the_law_is_what_it_says)
{
	const struct fit law = {
	    .gamma.value = 10, .sigma.value = 0.5, .kappa.value = 0.25};

	ck_assert_double_eq_tol(fit_at(&law, 1), 10, 1e-12);
	/* 10 * 3 / (1 + 0.5 * 2 + 0.25 * 3 * 2) */
	ck_assert_double_eq_tol(fit_at(&law, 3), 30 / 3.5, 1e-12);
}
END_TEST

/* More than N times as fast with N: no law here allows for it. */
START_TEST(superlinear_data_stop_at_the_bounds)
{
	static const struct fit_point points[] = {
	    {1, 10}, {2, 22}, {4, 50}, {8, 110}, {16, 230}};
	struct fit fit = find(FIT_UNIVERSAL, points, COUNT(points));

	ck_assert_double_eq(fit.sigma.value, 0);
	ck_assert_double_eq(fit.kappa.value, 0);
	ck_assert(fit.sigma.is_bound);
	ck_assert(fit.kappa.is_bound);
	ck_assert_double_eq(fit.sigma.error, 0);
	ck_assert(!fit.gamma.is_bound);
	/* gamma alone: the sum of N X over that of N N. */
	assert_near(fit.gamma.value, 4814.0 / 341, 1e-9);
	ck_assert_double_gt(fit.gamma.error, 0);
	ck_assert(!fit.has_peak);
}
END_TEST

/* A lock that nobody can share: more threads do as much as one, or less. */
START_TEST(serial_data_have_all_the_contention_there_is)
{
	static const struct fit_point points[] = {
	    {1, 100}, {2, 99}, {4, 97}, {8, 96}};
	struct fit fit = find(FIT_AMDAHL, points, COUNT(points));

	ck_assert_double_eq(fit.sigma.value, 1);
	ck_assert(fit.sigma.is_bound);
	assert_near(fit.gamma.value, 98, 1e-9);
}
END_TEST

START_TEST(a_peak_is_never_below_one_worker)
{
	static const struct fit_point points[] = {
	    {1, 100}, {2, 40}, {4, 15}, {8, 4}, {16, 1}};
	struct fit fit = find(FIT_UNIVERSAL, points, COUNT(points));

	ck_assert(fit.has_peak);
	ck_assert_double_ge(fit.peak_n, 1);
	ck_assert_double_le(fit.peak_n, 1.5);
}
END_TEST

/* The order of the points, and the unit of X, are not to matter. */
START_TEST(scale_and_order_do_not_matter)
{
	struct fit_point points[COUNT(published)];
	struct fit fit;

	for (size_t i = 0; i < COUNT(published); i++) {
		points[i] = published[COUNT(published) - 1 - i];
		points[i].x *= 1e6;
	}
	fit = find(FIT_UNIVERSAL, points, COUNT(points));
	assert_near(fit.gamma.value, 89.995e6, 1e-5);
	assert_near(fit.sigma.value, 0.0277285, 1e-5);
	assert_near(fit.kappa.value, 0.0001044, 1e-3);
}
END_TEST

START_TEST(what_shows_no_curve_is_refused)
{
	static const struct {
		enum fit_status status;
		size_t n;
		struct fit_point points[5];
	} rows[] = {
	    {FIT_TOO_FEW, 0, {{1, 1}}},
	    {FIT_TOO_FEW, 3, {{1, 1}, {2, 2}, {3, 2.5}}},
	    {FIT_ALL_EQUAL, 4, {{2, 1}, {2, 2}, {2, 3}, {2, 4}}},
	    {FIT_ALL_EQUAL, 4, {{1, 1}, {2, 2}, {1, 1.1}, {2, 2.1}}},
	    {FIT_ALL_EQUAL, 4, {{1, 7}, {2, 7}, {3, 7}, {4, 7}}},
	    {FIT_NOT_NUMBER, 4, {{1, 1}, {2, 0}, {3, 3}, {4, 4}}},
	    {FIT_NOT_NUMBER, 4, {{0, 1}, {2, 2}, {3, 3}, {4, 4}}},
	    {FIT_NOT_NUMBER, 4, {{1, 1}, {2, -2}, {3, 3}, {4, 4}}},
	    {FIT_NOT_NUMBER, 4, {{1, 1}, {2, NAN}, {3, 3}, {4, 4}}},
	    {FIT_NOT_NUMBER, 4, {{1, 1}, {INFINITY, 2}, {3, 3}, {4, 4}}},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fit fit;

		ck_assert_int_eq(
		    fit_find(FIT_UNIVERSAL, rows[i].points, rows[i].n, &fit),
		    rows[i].status);
		ck_assert_str_ne(fit_status_text(rows[i].status), "");
	}
}
END_TEST

START_TEST(amdahl_is_content_with_three_points)
{
	static const struct fit_point points[] = {{1, 10}, {2, 18}, {4, 30}};
	struct fit fit = find(FIT_AMDAHL, points, 3);

	ck_assert_double_gt(fit.sigma.value, 0);
	ck_assert_int_eq(fit_find(FIT_AMDAHL, points, 2, &fit), FIT_TOO_FEW);
}
END_TEST

START_TEST(json_has_all_of_it)
{
	struct fit fit = find(FIT_UNIVERSAL, published, COUNT(published));
	json_t *json = fit_to_json(&fit);

	ck_assert_str_eq(
	    json_string_value(json_object_get(json, "law")), "universal");
	ck_assert_double_eq(json_real_value(json_object_get(
				json_object_get(json, "contention"), "value")),
	    fit.sigma.value);
	ck_assert_double_eq(json_real_value(json_object_get(
				json_object_get(json, "coherency"), "error")),
	    fit.kappa.error);
	ck_assert_double_eq(json_real_value(json_object_get(
				json_object_get(json, "peak"), "n")),
	    fit.peak_n);
	json_decref(json);
	fit = find(FIT_AMDAHL, published, COUNT(published));
	json = fit_to_json(&fit);
	ck_assert(json_is_null(json_object_get(json, "peak")));
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fit");
	TCase *tcase = tcase_create("fit");

	tcase_add_test(tcase, published_data_give_the_published_coefficients);
	tcase_add_test(tcase, amdahls_law_fits_them_worse);
	tcase_add_test(tcase, exact_data_give_their_own_coefficients);
	tcase_add_test(tcase, the_law_is_what_it_says);
	tcase_add_test(tcase, superlinear_data_stop_at_the_bounds);
	tcase_add_test(tcase, serial_data_have_all_the_contention_there_is);
	tcase_add_test(tcase, a_peak_is_never_below_one_worker);
	tcase_add_test(tcase, scale_and_order_do_not_matter);
	tcase_add_test(tcase, what_shows_no_curve_is_refused);
	tcase_add_test(tcase, amdahl_is_content_with_three_points);
	tcase_add_test(tcase, json_has_all_of_it);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
