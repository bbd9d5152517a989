/*
 * A queue of tickets: a kernel pipe. Many processes may write and many may
 * read; no lock of it can be left behind by a process that dies. The write
 * end never blocks, the read end blocks or not as its reader was made.
 *
 * A pool's run queue holds bundles of tickets, a frontend's queue of ended tasks
 * holds tickets one by one. Both are of a size that the pages of a pipe are a
 * multiple of, so a read of one never gets half of one, and a write of up to
 * PIPE_BUF bytes is never mixed with another's.
 */
#ifndef GILD_DAEMON_QUEUE_H
#define GILD_DAEMON_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most tickets in one atomic write, and the most bundles. */
#define QUEUE_MAX_PUSH 1024
#define QUEUE_MAX_BUNDLES (QUEUE_MAX_PUSH / BUNDLE_TICKETS)

/* What one executor claims at once, and serves in this order. The tickets come
 * first; behind them all is 0, which is no ticket. */
#define BUNDLE_TICKETS 16

struct bundle {
	uint32_t tickets[BUNDLE_TICKETS];
};

struct queue {
	int read_fd;
	int write_fd;
};

/*
 * Close-on-exec, close to a megabyte of room where the system allows it (64
 * KiB otherwise, which is 16,384 tickets). 0, or -1 (errno is set).
 */
int queue_open(struct queue *queue, bool reader_blocks)
    __attribute__((warn_unused_result));
void queue_close(struct queue *queue);
/* After this, readers get the end of the queue once it is empty. */
void queue_close_writer(struct queue *queue);
/* Whether this process did so: nothing more can be pushed. */
bool queue_has_ended(const struct queue *queue);

/*
 * Appends all n tickets (at most QUEUE_MAX_PUSH) or none. 0, or -1 with errno
 * EAGAIN when there is no room.
 */
int queue_push(const struct queue *queue, const uint32_t *tickets, size_t n)
    __attribute__((warn_unused_result));

/* The same for at most QUEUE_MAX_BUNDLES of these. */
int queue_push_bundles(const struct queue *queue, const struct bundle *bundles,
    size_t n) __attribute__((warn_unused_result));
/* The same for a ticket on its own. */
int queue_push_bundle_of(const struct queue *queue, uint32_t ticket)
    __attribute__((warn_unused_result));

/* As queue_push(), waiting for room if need be. -1: nobody reads. */
int queue_push_wait(const struct queue *queue, const uint32_t *tickets,
    size_t n) __attribute__((warn_unused_result));

/*
 * Claims one bundle: the kernel writes it straight into seat, which other
 * processes see, so that there is no moment at which a ticket is neither in the
 * queue nor in the seat. Blocks. 1, or 0 at the end of the queue (no writer
 * is left), or -1 (errno is set).
 */
int queue_claim(const struct queue *queue,
    _Atomic uint32_t seat[BUNDLE_TICKETS]) __attribute__((warn_unused_result));

/* Whether a claim would find something, or the end, at once. */
bool queue_is_ready(const struct queue *queue);

/* Takes up to max tickets without blocking. How many; 0: none, or the end. */
size_t queue_take(const struct queue *queue, uint32_t *tickets, size_t max);

#endif
