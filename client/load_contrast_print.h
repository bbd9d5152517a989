/* How two load runs side by side look, in each of the formats but JSON. */
#ifndef GILD_CLIENT_LOAD_CONTRAST_PRINT_H
#define GILD_CLIENT_LOAD_CONTRAST_PRINT_H

#include "client/command.h"
#include "client/load_contrast.h"

/* a and b are what to call the two: their files. */
enum outcome load_contrast_print(const struct context *context,
    const struct load_contrast *contrast, const char *a, const char *b)
    __attribute__((warn_unused_result));

#endif
