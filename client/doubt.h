/* Why a comparison's figures are to be doubted: what verdict.c asks first. */
#ifndef GILD_CLIENT_DOUBT_H
#define GILD_CLIENT_DOUBT_H

#include <stdbool.h>

#include "client/comparison.h"
#include "client/verdict.h"

/* Whether they may say something else when they are taken again. Pure. */
bool doubt_is_due(const struct comparison *comparison);

/* A warning for each thing that makes them doubtful, or poor. */
void doubt_warn(const struct comparison *comparison, struct verdict *verdict);

#endif
