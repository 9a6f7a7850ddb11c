// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "output/value.h"
#include "output/where.h"

enum comparison { EQUAL, DIFFERENT, MATCHES, DIFFERS, LESS, GREATER };

static const struct {
	const char *sign;
	enum comparison comparison;
} signs[] = {
	{ "!=", DIFFERENT }, { "!~", DIFFERS }, { "=", EQUAL },
	{ "~", MATCHES },    { "<", LESS },	{ ">", GREATER },
};

#define SIGNS (sizeof(signs) / sizeof(*signs))

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

struct number {
	bool is_valid;
	bool is_integer; /* integer is exact */
	int64_t integer;
	double real;
};

struct where {
	struct where *next;
	const struct field *field;
	enum comparison comparison;
	const char *wanted;
	struct number number;	 /* of wanted, if it is one */
	struct pattern *pattern; /* of MATCHES and DIFFERS */
	struct value value;	 /* of the last event */
};

/* Decimal, or hexadecimal after 0x; with decimals too. */
static struct number number_of(const char *text)
{
	const char *digits = text + (*text == '-');
	bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	struct number number = {};
	char *end;

	if (strspn(digits, is_hex ? "0123456789abcdefABCDEFxX" : "0123456789.") != strlen(digits) ||
	    !*digits)
		return number;
	errno = 0;
	number.integer = strtoll(text, &end, is_hex ? 16 : 10);
	number.is_integer = !*end && !errno;
	number.real = strtod(text, &end);
	number.is_valid = !*end;
	return number;
}

static bool is_truth(const char *text)
{
	return !strcmp(text, "true") || !strcmp(text, "false");
}

static int bad(struct error *error, const char *text, const char *why)
{
	return error_set(error, EINVAL, "bad --where '%s': %s", text, why);
}

/* "==" and "=~" of other languages would be taken for a value that begins so. */
static int check_sign(const struct where *where, const char *text, struct error *error)
{
	if (where->comparison != EQUAL || (*where->wanted != '=' && *where->wanted != '~'))
		return 0;
	return bad(error, text, *where->wanted == '=' ? "write = for ==" : "write ~ for =~");
}

static int check_wanted(const struct where *where, const char *text, struct error *error)
{
	enum comparison comparison = where->comparison;
	enum field_type type = where->field->type;

	if (comparison == LESS || comparison == GREATER) {
		if (type != FIELD_NUMBER && type != FIELD_ANY)
			return bad(error, text, "< and > are for fields that are numbers");
		return where->number.is_valid ? 0 : bad(error, text, "a number is missing");
	}
	if (comparison != EQUAL && comparison != DIFFERENT)
		return 0;
	if (type == FIELD_NUMBER && !where->number.is_valid)
		return bad(error, text, "the field is a number");
	if (type == FIELD_TRUTH && !is_truth(where->wanted))
		return bad(error, text, "the field is true or false");
	return 0;
}

static int parse(struct where *where, const char *text, const struct field_table *fields,
		 struct error *error)
{
	size_t length = strspn(text, NAME_CHARACTERS), i;
	int err;

	for (i = 0; i < SIGNS; i++)
		if (!strncmp(text + length, signs[i].sign, strlen(signs[i].sign)))
			break;
	if (i == SIGNS || !length)
		return bad(error, text, "not FIELD=VALUE, or with !=, ~, !~, < or >");
	where->field = field_find(fields, text, length);
	if (!where->field)
		return error_set(error, ENOENT,
				 "no field '%.*s': the nearest is '%s' (--fields help lists all)",
				 (int)length, text, field_nearest(fields, text, length)->name);
	where->comparison = signs[i].comparison;
	where->wanted = text + length + strlen(signs[i].sign);
	where->number = number_of(where->wanted);
	err = check_sign(where, text, error);
	if (!err)
		err = check_wanted(where, text, error);
	if (!err && (where->comparison == MATCHES || where->comparison == DIFFERS))
		err = pattern_compile_bytes(&where->pattern, where->wanted, error);
	return err;
}

int where_add(struct where **list, const char *text, const struct field_table *fields,
	      struct error *error)
{
	struct where *where = calloc(1, sizeof(*where));
	int err;

	if (!where)
		return error_set(error, ENOMEM, "no memory for --where");
	err = parse(where, text, fields, error);
	if (err) {
		where_free(where);
		return err;
	}
	while (*list)
		list = &(*list)->next;
	*list = where;
	return 0;
}

bool where_is_about(const struct where *list, const char *object)
{
	for (; list; list = list->next)
		if (field_is_in(list->field, object))
			return true;
	return false;
}

/* Below, equal to or above zero as the value is less than, equal to or greater than wanted. */
static int compare_numbers(const json_t *json, const struct number *wanted)
{
	json_int_t integer = json_integer_value(json);
	double real = json_number_value(json);

	if (json_is_integer(json) && wanted->is_integer)
		return (integer > wanted->integer) - (integer < wanted->integer);
	return (real > wanted->real) - (real < wanted->real);
}

static bool holds_for_number(const struct where *where)
{
	int order = compare_numbers(where->value.json, &where->number);

	switch (where->comparison) {
	case LESS:
		return order < 0;
	case GREATER:
		return order > 0;
	case EQUAL:
		return !order;
	default:
		return order;
	}
}

static bool is_equal(const struct where *where)
{
	const struct buffer *text = &where->value.text;
	size_t size = strlen(where->wanted);

	return text->size == size && (!size || !memcmp(text->data, where->wanted, size));
}

/* A match that was given up counts for both, ~ and !~. */
static bool holds_for_pattern(const struct where *where)
{
	const struct buffer *text = &where->value.text;
	uint64_t given_up = pattern_given_up(where->pattern);
	bool matches = pattern_matches(where->pattern, text->data ? text->data : "", text->size);

	if (pattern_given_up(where->pattern) != given_up)
		return true;
	return matches == (where->comparison == MATCHES);
}

static bool holds_for_text(const struct where *where)
{
	switch (where->comparison) {
	case EQUAL:
		return is_equal(where);
	case DIFFERENT:
		return !is_equal(where) || where->value.is_ambiguous;
	case MATCHES:
	case DIFFERS:
		return holds_for_pattern(where);
	default:
		return false;
	}
}

static bool holds_for(struct where *where, const json_t *event, const struct field *field)
{
	struct value *value = &where->value;

	value_get(value, event, field);
	if (value->is_unknown || value->is_cut || value->is_partial || value->text.failed)
		return true;
	if (json_is_number(value->json) && where->number.is_valid && !where->pattern)
		return holds_for_number(where);
	return holds_for_text(where);
}

static bool holds(struct where *where, const json_t *event)
{
	const struct field other = { .name = where->field->or_field, .type = FIELD_PATH };

	if (holds_for(where, event, where->field))
		return true;
	return other.name && value_find(event, other.name) && holds_for(where, event, &other);
}

bool where_holds(struct where *list, const json_t *event)
{
	for (; list; list = list->next)
		if (!holds(list, event))
			return false;
	return true;
}

bool where_uses(const struct where *list, const char *name)
{
	for (; list; list = list->next)
		if (!strcmp(list->field->name, name))
			return true;
	return false;
}

uint64_t where_given_up(const struct where *list)
{
	uint64_t count = 0;

	for (; list; list = list->next)
		count += pattern_given_up(list->pattern);
	return count;
}

void where_free(struct where *list)
{
	struct where *next;

	for (; list; list = next) {
		next = list->next;
		pattern_free(list->pattern);
		value_free(&list->value);
		free(list);
	}
}
