/*
 * Laws of scalability, fitted to throughput X against the number of workers N:
 *
 *   Amdahl     X(N) = gamma N / (1 + sigma (N - 1))
 *   universal  X(N) = gamma N / (1 + sigma (N - 1) + kappa N (N - 1))
 *
 * gamma is the throughput of one worker; sigma, the contention, what share of
 * the work is done one at a time; kappa, the coherency, what each pair of
 * workers costs. The first is Amdahl's (1967), the second Gunther's Universal
 * Scalability Law (Guerrilla Capacity Planning, Springer 2007). Pure.
 */
#ifndef GILD_CLIENT_FIT_H
#define GILD_CLIENT_FIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum fit_law { FIT_AMDAHL, FIT_UNIVERSAL, FIT_LAWS };

struct fit_point {
	double n;
	double x; /* in any unit, jobs a second say */
};

struct fit_coefficient {
	double value;
	double error; /* standard error; 0 where is_bound */
	/* The least squares lie beyond what the law allows: at its end. */
	bool is_bound;
};

struct fit {
	enum fit_law law;
	struct fit_coefficient gamma; /* >= 0 */
	struct fit_coefficient sigma; /* 0 to 1 */
	struct fit_coefficient kappa; /* >= 0; Amdahl: 0 */
	double rmse;		      /* root mean square error, as x */
	double r_squared;	      /* 1: the curve is all that there is */
	/*
	 * Where more workers begin to do less; without it throughput grows
	 * for ever, maybe towards a limit.
	 */
	bool has_peak;
	double peak_n; /* sqrt((1 - sigma) / kappa), but at least 1 */
	double peak_x;
};

enum fit_status {
	FIT_FINE,
	FIT_TOO_FEW,	/* points for the law's coefficients and an error */
	FIT_NOT_NUMBER, /* not finite, n < 1 or x <= 0 */
	FIT_ALL_EQUAL,	/* too few different n, or all x the same */
	FIT_LOST,	/* the search found no least squares */
};

/* "too few points: ...", for people. */
const char *fit_status_text(enum fit_status status);

/* "Amdahl's law", "Universal Scalability Law" */
const char *fit_law_name(enum fit_law law);

/*
 * Finds the least squares of x. Needs a point more than the law has
 * coefficients (3 and 4), and as many different n as it has coefficients. *fit
 * is set only when all is fine.
 */
enum fit_status fit_find(enum fit_law law, const struct fit_point points[],
    size_t n_points, struct fit *fit) __attribute__((warn_unused_result));

/* The law's X(n). */
double fit_at(const struct fit *fit, double n);

/*
 * {"law":"amdahl"|"universal","gamma":{"value","error","is_bound"},
 * "contention":...,"coherency":...,"rmse","r_squared","peak":null|{"n","x"}}: a
 * new reference, or NULL when memory ran out.
 */
json_t *fit_to_json(const struct fit *fit);

#endif
