/*
 * How the value of an option of each type is read and written. Run once at the
 * start, before there is any other process or thread.
 *
 * Every value but a list of addresses and a text is one unsigned number,
 * bounded by its row: a choice is its place among the names, a duration its
 * nanoseconds. So reading is text -> number -> field, writing the way back, and
 * a row's default and bounds are written like any value.
 */
#include "daemon/option.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/address.h"
#include "daemon/clock.h"

/* From the largest; the last one's suffix may be left out. */
struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit size_units[] = {
    {"G", GIB}, {"M", MIB}, {"k", KIB}, {"", 1}, {NULL, 0}};
static const struct unit duration_units[] = {{"h", 3600 * NS_PER_S},
    {"m", 60 * NS_PER_S}, {"s", NS_PER_S}, {"ms", NS_PER_MS}, {"us", NS_PER_US},
    {"ns", 1}, {"", NS_PER_S}, {NULL, 0}};

static const struct unit *
units_of(enum option_type type)
{
	if (type == OPTION_SIZE)
		return size_units;
	return type == OPTION_DURATION ? duration_units : no_units;
}

/* Digits, with single underscores between them; *end is what follows. */
static int
parse_digits(const char *text, const char **end, uint64_t *number)
{
	bool after_digit = false;

	*number = 0;
	for (;; text++) {
		if (*text >= '0' && *text <= '9') {
			if (__builtin_mul_overflow(*number, 10, number) ||
			    __builtin_add_overflow(
				*number, (uint64_t)(*text - '0'), number))
				return -1;
			after_digit = true;
		} else if (*text == '_' && after_digit) {
			after_digit = false;
		} else {
			*end = text;
			return after_digit ? 0 : -1;
		}
	}
}

static int
parse_quantity(const struct unit *units, const char *text, uint64_t *number)
{
	const char *suffix;

	if (parse_digits(text, &suffix, number) != 0)
		return -1;
	for (; units->suffix != NULL; units++) {
		if (strcasecmp(units->suffix, suffix) == 0)
			return __builtin_mul_overflow(
				   *number, units->factor, number)
			    ? -1
			    : 0;
	}
	return -1;
}

static int
parse_boolean(const char *text, uint64_t *number)
{
	static const char *const names[] = {
	    "false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i]) == 0) {
			*number = i % 2;
			return 0;
		}
	}
	return -1;
}

static int
parse_choice(const struct option_row *row, const char *text, uint64_t *number)
{
	const char *name;

	for (uint64_t i = 0; (name = row->choice_name(i)) != NULL; i++) {
		if (strcmp(text, name) == 0) {
			*number = i;
			return 0;
		}
	}
	return -1;
}

static int
parse_number(const struct option_row *row, const char *text, uint64_t *number)
{
	switch (row->type) {
	case OPTION_BOOLEAN:
		return parse_boolean(text, number);
	case OPTION_CHOICE:
		return parse_choice(row, text, number);
	default:
		return parse_quantity(units_of(row->type), text, number);
	}
}

static void
format_number(
    const struct option_row *row, uint64_t number, char *text, size_t room)
{
	const struct unit *unit = units_of(row->type);

	if (row->type == OPTION_BOOLEAN) {
		snprintf(text, room, "%s", number ? "true" : "false");
	} else if (row->type == OPTION_CHOICE) {
		snprintf(text, room, "%s", row->choice_name(number));
	} else {
		while (number % unit->factor != 0)
			unit++;
		snprintf(text, room, "%llu%s",
		    (unsigned long long)(number / unit->factor),
		    number == 0 ? "" : unit->suffix);
	}
}

static void
store_number(const struct option_row *row, void *record, uint64_t number)
{
	char *field = (char *)record + row->offset;
	uint32_t narrow = (uint32_t)number;
	bool truth = number != 0;

	if (row->width == sizeof(truth))
		memcpy(field, &truth, sizeof(truth));
	else if (row->width == sizeof(narrow))
		memcpy(field, &narrow, sizeof(narrow));
	else
		memcpy(field, &number, sizeof(number));
}

static uint64_t
load_number(const struct option_row *row, const void *record)
{
	const char *field = (const char *)record + row->offset;
	uint32_t narrow;
	uint64_t number;
	bool truth;

	if (row->width == sizeof(truth)) {
		memcpy(&truth, field, sizeof(truth));
		return truth;
	}
	if (row->width == sizeof(narrow)) {
		memcpy(&narrow, field, sizeof(narrow));
		return narrow;
	}
	memcpy(&number, field, sizeof(number));
	return number;
}

/* "a, b or c" */
static void
format_choices(const struct option_row *row, char text[OPTION_TEXT_CHARS + 1])
{
	size_t length = 0;

	for (uint64_t i = 0; i <= row->max; i++) {
		const char *before = i == 0 ? "" : i < row->max ? ", " : " or ";
		int n = snprintf(text + length, OPTION_TEXT_CHARS + 1 - length,
		    "%s%s", before, row->choice_name(i));

		length += (size_t)n;
		if (length > OPTION_TEXT_CHARS)
			return;
	}
}

void
option_format_bounds(
    const struct option_row *row, char text[OPTION_TEXT_CHARS + 1])
{
	char min[OPTION_NUMBER_CHARS + 1], max[OPTION_NUMBER_CHARS + 1];

	switch (row->type) {
	case OPTION_ADDRESSES:
		text[0] = '\0';
		break;
	case OPTION_BOOLEAN:
		snprintf(text, OPTION_TEXT_CHARS + 1, "true or false");
		break;
	case OPTION_CHOICE:
		format_choices(row, text);
		break;
	case OPTION_TEXT:
		snprintf(text, OPTION_TEXT_CHARS + 1, "at most %zu characters",
		    row->width - 1);
		break;
	default:
		format_number(row, row->min, min, sizeof(min));
		format_number(row, row->max, max, sizeof(max));
		snprintf(text, OPTION_TEXT_CHARS + 1, "%s to %s", min, max);
	}
}

static int
complain(const struct option_row *row, const char *text,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	static const struct {
		const char *noun, *example;
	} words[] = {
	    [OPTION_BOOLEAN] = {"", ""},
	    [OPTION_CHOICE] = {"", ""},
	    [OPTION_DURATION] = {"a duration from ", ", such as 30s or 500ms"},
	    [OPTION_INTEGER] = {"an integer from ", ""},
	    [OPTION_POWER] = {"a power of two from ", ", such as 4096"},
	    [OPTION_SIZE] = {"a size from ", ", such as 65536, 64k or 1M"},
	    [OPTION_TEXT] = {"", ""},
	};
	char bounds[OPTION_TEXT_CHARS + 1];

	option_format_bounds(row, bounds);
	snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
	    "must be %s%s%s, not \"%s\"", words[row->type].noun, bounds,
	    words[row->type].example, text);
	return -1;
}

static int
complain_memory(char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	snprintf(complaint, OPTION_COMPLAINT_CHARS + 1, "out of memory");
	return -1;
}

int
option_set_addresses(struct settings *settings, const char *const texts[],
    size_t n_texts, char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	struct settings fresh = {.n_listen = 0};
	int result = -1;

	if (n_texts == 0 || n_texts > SETTINGS_MAX_LISTEN) {
		snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
		    "takes 1 to %d addresses", SETTINGS_MAX_LISTEN);
		goto out;
	}
	for (size_t i = 0; i < n_texts; i++) {
		if (address_check(
			texts[i], complaint, OPTION_COMPLAINT_CHARS + 1) != 0)
			goto out;
		fresh.listen[i] = strdup(texts[i]);
		if (fresh.listen[i] == NULL) {
			complain_memory(complaint);
			goto out;
		}
		fresh.n_listen++;
	}
	settings_free(settings);
	memcpy(settings->listen, fresh.listen, sizeof(fresh.listen));
	settings->n_listen = fresh.n_listen;
	fresh.n_listen = 0;
	result = 0;
out:
	settings_free(&fresh);
	return result;
}

/* A list with commas. */
static int
parse_addresses(const char *text, struct settings *settings,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	const char *texts[SETTINGS_MAX_LISTEN + 1];
	size_t n_texts = 0;
	char *copy = strdup(text), *rest = copy;
	int result;

	if (copy == NULL)
		return complain_memory(complaint);
	while (rest != NULL && n_texts <= SETTINGS_MAX_LISTEN)
		texts[n_texts++] = strsep(&rest, ",");
	result = option_set_addresses(settings, texts, n_texts, complaint);
	free(copy);
	return result;
}

/* A field that was longer before keeps nothing of it. */
static int
parse_text(const struct option_row *row, const char *text, void *record,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	if (strlen(text) >= row->width)
		return complain(row, text, complaint);
	strncpy((char *)record + row->offset, text, row->width);
	return 0;
}

int
option_parse(const struct option_row *row, const char *text, void *record,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	uint64_t number;

	if (row->type == OPTION_ADDRESSES)
		return parse_addresses(text, record, complaint);
	if (row->type == OPTION_TEXT)
		return parse_text(row, text, record, complaint);
	if (parse_number(row, text, &number) != 0 || number < row->min ||
	    number > row->max ||
	    (row->type == OPTION_POWER && (number & (number - 1)) != 0))
		return complain(row, text, complaint);
	store_number(row, record, number);
	return 0;
}

/* As libConfuse reads it between double quotes. */
static void
write_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\' || c == '$')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

void
option_write(const struct option_row *row, const void *record, FILE *out)
{
	const struct settings *settings = record;
	char text[OPTION_TEXT_CHARS + 1];

	if (row->type == OPTION_TEXT) {
		write_quoted((const char *)record + row->offset, out);
		return;
	}
	if (row->type != OPTION_ADDRESSES) {
		format_number(
		    row, load_number(row, record), text, sizeof(text));
		fputs(text, out);
		return;
	}
	fputc('{', out);
	for (size_t i = 0; i < settings->n_listen; i++) {
		fputs(i == 0 ? "" : ", ", out);
		write_quoted(settings->listen[i], out);
	}
	fputc('}', out);
}
