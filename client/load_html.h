/*
 * A load run as one HTML page: everything that there is to see of it, in one
 * file that needs no other, no script and no network; light or dark, as the
 * reader prefers, and for wide screens and phones. It is well-formed XML too.
 */
#ifndef GILD_CLIENT_LOAD_HTML_H
#define GILD_CLIENT_LOAD_HTML_H

#include <stdio.h>

#include "client/load_report.h"

/* 0, or -1 with errno: ENOMEM, or what the stream said. */
int load_html_write(const struct load_report *report, FILE *out)
    __attribute__((warn_unused_result));

#endif
