/* Requests, as text. */
#ifndef GILD_LIBGIL_WRITE_H
#define GILD_LIBGIL_WRITE_H

#include <stdint.h>

#include "client/libgil/buffer.h"
#include "client/libgil/gil.h"

/*
 * Each appends one line to buffer. 0, or -1 with errno ENOMEM or EINVAL as
 * gil.h says and nothing appended.
 */
int libgil_write_submit(struct libgil_buffer *buffer, uint64_t request,
    const struct gil_job *job) __attribute__((warn_unused_result));
int libgil_write_cancel(struct libgil_buffer *buffer, uint64_t request,
    const char *job) __attribute__((warn_unused_result));
/* params: the text of a JSON object, or NULL. */
int libgil_write_call(struct libgil_buffer *buffer, uint64_t request,
    const char *method, const char *params) __attribute__((warn_unused_result));

#endif
