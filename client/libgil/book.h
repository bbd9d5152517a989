/* The requests under way: by number, each with its tag and its time. */
#ifndef GILD_LIBGIL_BOOK_H
#define GILD_LIBGIL_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct libgil_entry {
	uint64_t request; /* 0: none */
	uint64_t tag;
	uint64_t sent_ns;
};

/* All zeros is an empty one. */
struct libgil_book {
	struct libgil_entry *entries; /* size of them, a power of two; owned */
	size_t size;
	size_t n;	/* entries in use */
	uint64_t last;	/* number given */
	size_t n_swept; /* entries that take_any() has looked at */
};

void libgil_book_free(struct libgil_book *book);

/*
 * The number for the next request, higher than all before: its entry is free,
 * and enter() will not fail. 0 when memory ran out.
 */
uint64_t libgil_book_next(struct libgil_book *book)
    __attribute__((warn_unused_result));
/* entry->request is what next() said last. */
void libgil_book_enter(
    struct libgil_book *book, const struct libgil_entry *entry);

/* Looks one up: false where there is none with this number. */
bool libgil_book_find(const struct libgil_book *book, uint64_t request,
    struct libgil_entry *entry) __attribute__((warn_unused_result));
/* The same, and it is under way no more. */
bool libgil_book_take(struct libgil_book *book, uint64_t request,
    struct libgil_entry *entry) __attribute__((warn_unused_result));
/*
 * Takes any one; false when there is none. Once that has begun nothing is
 * entered any more.
 */
bool libgil_book_take_any(struct libgil_book *book, struct libgil_entry *entry)
    __attribute__((warn_unused_result));

#endif
