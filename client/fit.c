/*
 * The method of Levenberg and Marquardt (Marquardt: An Algorithm for
 * Least-Squares Estimation of Nonlinear Parameters, 1963) within bounds: a
 * coefficient at its bound takes part only when the sum of squares falls
 * inwards, and a step that leaves the bounds is cut off at them.
 *
 * The search begins near its end. N / X is linear in 1/gamma, sigma/gamma and
 * kappa/gamma, so linear least squares give start values; they are weighted so
 * that they count errors of X and not of N / X.
 *
 * Pure.
 */
#include "client/fit.h"

#include <math.h>
#include <string.h>

#define N_COEFFICIENTS 3
#define MAX_STEPS 1000
#define MAX_DAMPING 1e15
#define ENOUGH 1e-12 /* the sum of squares has fallen by less than this */

enum coefficient { GAMMA, SIGMA, KAPPA };

static const double greatest[N_COEFFICIENTS] = {INFINITY, 1, INFINITY};

/* One coefficient each, or one equation each. */
typedef double vector[N_COEFFICIENTS];

/* Normal equations: matrix * solution = side, of the coefficients in use. */
struct equations {
	vector matrix[N_COEFFICIENTS];
	vector side;
	bool is_used[N_COEFFICIENTS];
};

struct search {
	const struct fit_point *points;
	size_t n_points;
	size_t n_coefficients; /* of the law: the first ones */
	vector at;
	double squares;
};

const char *
fit_status_text(enum fit_status status)
{
	switch (status) {
	case FIT_FINE:
		return "fine";
	case FIT_TOO_FEW:
		return "too few points: Amdahl's law needs three, the "
		       "Universal Scalability Law four";
	case FIT_NOT_NUMBER:
		return "a point is not to be used: N is 1 or more, X above 0";
	case FIT_ALL_EQUAL:
		return "the points show no curve: too few different N, or X "
		       "is always the same";
	case FIT_LOST:
		return "no curve of this law comes near the points";
	}
	return "unknown";
}

const char *
fit_law_name(enum fit_law law)
{
	return law == FIT_AMDAHL ? "Amdahl's law" : "Universal Scalability Law";
}

static double
divisor(const vector at, double n)
{
	return 1 + at[SIGMA] * (n - 1) + at[KAPPA] * n * (n - 1);
}

static double
sum_squares(const struct search *search, const vector at)
{
	double sum = 0;

	for (size_t i = 0; i < search->n_points; i++) {
		const struct fit_point *point = &search->points[i];
		double miss =
		    point->x - at[GAMMA] * point->n / divisor(at, point->n);

		sum += miss * miss;
	}
	return sum;
}

static void
add_equation(struct equations *equations, const vector row, double side)
{
	for (size_t i = 0; i < N_COEFFICIENTS; i++) {
		for (size_t j = 0; j < N_COEFFICIENTS; j++)
			equations->matrix[i][j] += row[i] * row[j];
		equations->side[i] += row[i] * side;
	}
}

/* Brings the equation with the greatest factor of unknown i to place i. */
static bool
choose_pivot(vector matrix[], double side[], size_t i)
{
	size_t best = i;
	double spare;
	vector row;

	for (size_t j = i + 1; j < N_COEFFICIENTS; j++)
		if (fabs(matrix[j][i]) > fabs(matrix[best][i]))
			best = j;
	memcpy(row, matrix[i], sizeof(row));
	memcpy(matrix[i], matrix[best], sizeof(row));
	memcpy(matrix[best], row, sizeof(row));
	spare = side[i];
	side[i] = side[best];
	side[best] = spare;
	return fabs(matrix[i][i]) > 1e-14;
}

/*
 * Gauss's elimination. The unknowns are first scaled so that the diagonal is 1:
 * kappa is a millionth of gamma. What is not used is solved as 0. -1: the
 * equations do not determine it.
 */
static int
solve(const struct equations *equations, vector solution)
{
	vector matrix[N_COEFFICIENTS] = {{0}};
	vector side = {0}, scale;

	for (size_t i = 0; i < N_COEFFICIENTS; i++) {
		if (equations->is_used[i] && !(equations->matrix[i][i] > 0))
			return -1;
		scale[i] =
		    equations->is_used[i] ? sqrt(equations->matrix[i][i]) : 1;
	}
	for (size_t i = 0; i < N_COEFFICIENTS; i++) {
		matrix[i][i] = 1;
		if (!equations->is_used[i])
			continue;
		side[i] = equations->side[i] / scale[i];
		for (size_t j = 0; j < N_COEFFICIENTS; j++)
			if (equations->is_used[j])
				matrix[i][j] = equations->matrix[i][j] /
				    scale[i] / scale[j];
	}
	for (size_t i = 0; i < N_COEFFICIENTS; i++) {
		if (!choose_pivot(matrix, side, i))
			return -1;
		for (size_t j = 0; j < N_COEFFICIENTS; j++) {
			double factor = matrix[j][i] / matrix[i][i];

			if (j == i)
				continue;
			for (size_t k = i; k < N_COEFFICIENTS; k++)
				matrix[j][k] -= factor * matrix[i][k];
			side[j] -= factor * side[i];
		}
	}
	for (size_t i = 0; i < N_COEFFICIENTS; i++)
		solution[i] = side[i] / matrix[i][i] / scale[i];
	return 0;
}

static double
within_bounds(enum coefficient i, double value)
{
	return fmin(fmax(value, 0), greatest[i]);
}

/* N / X = (1 + sigma (N - 1) + kappa N (N - 1)) / gamma */
static void
guess(struct search *search)
{
	struct equations equations = {0};
	vector found;
	double most = 0;

	for (size_t i = 0; i < search->n_coefficients; i++)
		equations.is_used[i] = true;
	for (size_t i = 0; i < search->n_points; i++) {
		double n = search->points[i].n, x = search->points[i].x;
		double weight = x * x / n;
		vector row = {weight, weight * (n - 1), weight * n * (n - 1)};

		add_equation(&equations, row, weight * n / x);
		most = fmax(most, x / n);
	}
	if (solve(&equations, found) == 0 && found[GAMMA] > 0) {
		search->at[GAMMA] = 1 / found[GAMMA];
		search->at[SIGMA] =
		    within_bounds(SIGMA, found[SIGMA] / found[GAMMA]);
		search->at[KAPPA] =
		    within_bounds(KAPPA, found[KAPPA] / found[GAMMA]);
	} else {
		search->at[GAMMA] = most;
		search->at[SIGMA] = search->at[KAPPA] = 0;
	}
	search->squares = sum_squares(search, search->at);
}

/* Where the search stands: the equations of the step that Gauss would take. */
static void
linearise(const struct search *search, struct equations *equations)
{
	*equations = (struct equations){0};
	for (size_t i = 0; i < search->n_points; i++) {
		double n = search->points[i].n;
		double below = divisor(search->at, n);
		double x = search->at[GAMMA] * n / below;
		vector slopes = {
		    n / below, -x * (n - 1) / below, -x * n * (n - 1) / below};

		add_equation(equations, slopes, search->points[i].x - x);
	}
	for (size_t i = 0; i < search->n_coefficients; i++) {
		bool is_rising = equations->side[i] > 0;

		equations->is_used[i] =
		    is_rising ? search->at[i] < greatest[i] : search->at[i] > 0;
	}
}

/* One step, if it goes down: whether it did. */
static bool
step(struct search *search, const struct equations *equations, double damping)
{
	struct equations damped = *equations;
	vector change, there;
	double squares;

	for (size_t i = 0; i < N_COEFFICIENTS; i++)
		damped.matrix[i][i] *= 1 + damping;
	if (solve(&damped, change) == -1)
		return false;
	for (size_t i = 0; i < N_COEFFICIENTS; i++)
		there[i] = within_bounds(i, search->at[i] + change[i]);
	squares = sum_squares(search, there);
	if (!(squares < search->squares))
		return false;
	memcpy(search->at, there, sizeof(there));
	search->squares = squares;
	return true;
}

/* Goes down until it cannot. 0, or -1: it never ends. */
static int
descend(struct search *search)
{
	double damping = 1e-3;

	for (size_t i = 0; i < MAX_STEPS; i++) {
		struct equations equations;
		double before = search->squares;

		linearise(search, &equations);
		while (!step(search, &equations, damping)) {
			damping = fmax(damping, 1e-12) * 10;
			if (damping > MAX_DAMPING)
				return 0;
		}
		damping /= 10;
		if (before - search->squares <= ENOUGH * before)
			return 0;
	}
	return -1;
}

/* The standard errors: from the inverse of the equations at the end. */
static int
find_errors(const struct search *search, struct fit_coefficient found[])
{
	struct equations equations;
	size_t n_free = 0;

	linearise(search, &equations);
	for (size_t i = 0; i < search->n_coefficients; i++) {
		found[i].value = search->at[i];
		found[i].is_bound =
		    search->at[i] <= 0 || search->at[i] >= greatest[i];
		equations.is_used[i] = !found[i].is_bound;
		n_free += equations.is_used[i];
	}
	for (size_t i = 0; i < search->n_coefficients; i++) {
		double freedom = (double)(search->n_points - n_free);
		vector column;

		if (found[i].is_bound)
			continue;
		memset(equations.side, 0, sizeof(equations.side));
		equations.side[i] = 1;
		if (solve(&equations, column) == -1)
			return -1;
		found[i].error = sqrt(column[i] * search->squares / freedom);
		if (!isfinite(found[i].error))
			return -1;
	}
	return 0;
}

static bool
has_seen(const struct fit_point points[], size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (points[j].n == points[i].n)
			return true;
	return false;
}

static enum fit_status
check(const struct fit_point points[], size_t n_points, size_t n_coefficients)
{
	size_t n_different = 0;
	bool is_flat = true;

	for (size_t i = 0; i < n_points; i++) {
		if (!isfinite(points[i].n) || !isfinite(points[i].x) ||
		    points[i].n < 1 || points[i].x <= 0)
			return FIT_NOT_NUMBER;
		n_different += !has_seen(points, i);
		is_flat = is_flat && points[i].x == points[0].x;
	}
	if (n_points < n_coefficients + 1)
		return FIT_TOO_FEW;
	if (n_different < n_coefficients || is_flat)
		return FIT_ALL_EQUAL;
	return FIT_FINE;
}

static void
judge(const struct search *search, struct fit *fit)
{
	double n_points = (double)search->n_points;
	double mean = 0, spread = 0;

	for (size_t i = 0; i < search->n_points; i++)
		mean += search->points[i].x / n_points;
	for (size_t i = 0; i < search->n_points; i++) {
		double off = search->points[i].x - mean;

		spread += off * off;
	}
	fit->rmse = sqrt(search->squares / n_points);
	fit->r_squared = 1 - search->squares / spread;
	fit->has_peak = fit->kappa.value > 0;
	if (fit->has_peak) {
		fit->peak_n =
		    fmax(1, sqrt((1 - fit->sigma.value) / fit->kappa.value));
		fit->peak_x = fit_at(fit, fit->peak_n);
	}
}

enum fit_status
fit_find(enum fit_law law, const struct fit_point points[], size_t n_points,
    struct fit *fit)
{
	struct search search = {
	    .points = points,
	    .n_points = n_points,
	    .n_coefficients = law == FIT_AMDAHL ? 2 : 3,
	};
	struct fit_coefficient found[N_COEFFICIENTS] = {{0}};
	enum fit_status status = check(points, n_points, search.n_coefficients);

	if (status != FIT_FINE)
		return status;
	guess(&search);
	if (descend(&search) == -1 || find_errors(&search, found) == -1)
		return FIT_LOST;
	*fit = (struct fit){
	    .law = law,
	    .gamma = found[GAMMA],
	    .sigma = found[SIGMA],
	    .kappa = found[KAPPA],
	};
	judge(&search, fit);
	return FIT_FINE;
}

double
fit_at(const struct fit *fit, double n)
{
	const vector at = {
	    fit->gamma.value, fit->sigma.value, fit->kappa.value};

	return at[GAMMA] * n / divisor(at, n);
}

static json_t *
coefficient_to_json(const struct fit_coefficient *coefficient)
{
	return json_pack("{s:f, s:f, s:b}", "value", coefficient->value,
	    "error", coefficient->error, "is_bound", coefficient->is_bound);
}

json_t *
fit_to_json(const struct fit *fit)
{
	json_t *peak = fit->has_peak
	    ? json_pack("{s:f, s:f}", "n", fit->peak_n, "x", fit->peak_x)
	    : json_null();

	return json_pack("{s:s, s:o, s:o, s:o, s:f, s:f, s:o}", "law",
	    fit->law == FIT_AMDAHL ? "amdahl" : "universal", "gamma",
	    coefficient_to_json(&fit->gamma), "contention",
	    coefficient_to_json(&fit->sigma), "coherency",
	    coefficient_to_json(&fit->kappa), "rmse", fit->rmse, "r_squared",
	    fit->r_squared, "peak", peak);
}
