/*
 * Owns: the table of requests. A request has the one entry that the low bits of
 * its number say, so that finding it is one comparison; a number whose entry is
 * still another's is left out. At most half of the entries are in use, and
 * numbers follow each other, so few are: only those that would meet a request
 * which has been under way for as long as the table is.
 */
#include "client/libgil/book.h"

#include <stdlib.h>

#define FIRST_ENTRIES 64

static struct libgil_entry *
at(const struct libgil_book *book, uint64_t request)
{
	return &book->entries[request & (book->size - 1)];
}

void
libgil_book_free(struct libgil_book *book)
{
	free(book->entries);
	*book = (struct libgil_book){0};
}

static int
grow(struct libgil_book *book)
{
	struct libgil_book larger = *book;

	larger.size = book->size > 0 ? 2 * book->size : FIRST_ENTRIES;
	larger.entries = calloc(larger.size, sizeof(*larger.entries));
	if (larger.entries == NULL)
		return -1;
	for (size_t i = 0; i < book->size; i++)
		if (book->entries[i].request != 0)
			*at(&larger, book->entries[i].request) =
			    book->entries[i];
	free(book->entries);
	*book = larger;
	return 0;
}

uint64_t
libgil_book_next(struct libgil_book *book)
{
	uint64_t request = book->last + 1;

	if (book->n >= book->size / 2 && grow(book) == -1)
		return 0;
	while (at(book, request)->request != 0)
		request++;
	return request;
}

void
libgil_book_enter(struct libgil_book *book, const struct libgil_entry *entry)
{
	*at(book, entry->request) = *entry;
	book->last = entry->request;
	book->n++;
}

bool
libgil_book_find(const struct libgil_book *book, uint64_t request,
    struct libgil_entry *entry)
{
	if (request == 0 || book->n == 0 ||
	    at(book, request)->request != request)
		return false;
	*entry = *at(book, request);
	return true;
}

bool
libgil_book_take(
    struct libgil_book *book, uint64_t request, struct libgil_entry *entry)
{
	if (!libgil_book_find(book, request, entry))
		return false;
	at(book, request)->request = 0;
	book->n--;
	return true;
}

bool
libgil_book_take_any(struct libgil_book *book, struct libgil_entry *entry)
{
	/* The oldest first, but for those that are far behind. */
	while (book->n > 0 && book->n_swept < book->size)
		if (libgil_book_take(book,
			at(book, book->last + ++book->n_swept)->request, entry))
			return true;
	return false;
}
