// SPDX-License-Identifier: Apache-2.0
/* Text of the traced system, printed on a terminal and as JSON. */
#include <string.h>

#include "fuzz.h"
#include "output/row.h"

/* Whether a terminal only shows the character. */
static bool is_safe(uint32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0xad && c != 0x61c && c != 0x180e &&
	       !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2060 && c <= 0x206f) && !(c >= 0xfe00 && c <= 0xfe0f) && c != 0xfeff &&
	       !(c >= 0xe0000 && c <= 0xe0fff);
}

static void require_safe(const struct buffer *text, size_t columns)
{
	size_t at = 0, length, count = 0;
	uint32_t character;

	for (; at < text->size; at += length, count++) {
		length = utf8_decode(text->data + at, text->size - at, &character);
		REQUIRE(length && is_safe(character));
	}
	REQUIRE(columns == SIZE_MAX || count == columns);
}

static void require_same(const struct buffer *escaped, const uint8_t *data, size_t size)
{
	const char *at = escaped->data, *end = at + escaped->size;
	size_t i;

	for (i = 0; i < size; i++) {
		REQUIRE(at < end);
		if (*at != '\\') {
			REQUIRE((uint8_t)*at++ == data[i]);
		} else if (end - at >= 2 && at[1] == '\\') {
			REQUIRE(data[i] == '\\');
			at += 2;
		} else {
			REQUIRE(end - at >= 4);
			REQUIRE((at[1] - '0') * 64 + (at[2] - '0') * 8 + at[3] - '0' == data[i]);
			at += 4;
		}
	}
	REQUIRE(at == end);
}

static void check_escaping(const uint8_t *data, size_t size)
{
	struct buffer escaped = {};
	size_t columns = escape_append(&escaped, data, size);

	require_safe(&escaped, columns);
	if (size)
		require_same(&escaped, data, size);
	buffer_free(&escaped);
}

static void check_hex(const json_t *hex, const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const char *text = json_string_value(hex);
	size_t i;

	REQUIRE(json_string_length(hex) == 2 * size);
	for (i = 0; i < size; i++)
		REQUIRE(text[2 * i] == digits[data[i] >> 4] &&
			text[2 * i + 1] == digits[data[i] & 15]);
}

static void check_json_text(const uint8_t *data, size_t size)
{
	json_t *hex = NULL, *text = row_json_text((const char *)data, size, &hex);

	REQUIRE(text);
	if (hex)
		check_hex(hex, data, size);
	else
		REQUIRE(json_string_length(text) == size &&
			(!size || !memcmp(json_string_value(text), data, size)));
	json_decref(text);
	json_decref(hex);
}

/* The output is one line, safe for a terminal, and has the whole text. */
static void check_line(const uint8_t *data, size_t size)
{
	struct output output = { .sink.fd = -1 };
	size_t length = strnlen((const char *)data, size);
	json_t *object, *text, *expected, *hex;
	struct row row;

	row_begin(&row, &output, ROW_JSON, 0);
	row_text(&row, "NAME", "name", -16, (const char *)data, size);
	row_end(&row);
	REQUIRE(output.pending.data[output.pending.size - 1] == '\n');
	output.pending.size--;
	require_safe(&output.pending, SIZE_MAX);
	object = json_loadb(output.pending.data, output.pending.size, JSON_REJECT_DUPLICATES, NULL);
	REQUIRE(object);
	text = json_object_get(object, "name");
	expected = row_json_text((const char *)data, length, &hex);
	REQUIRE(json_equal(text, expected));
	REQUIRE(!hex == !json_object_get(object, "name_hex"));
	json_decref(expected);
	json_decref(hex);
	json_decref(object);
	output_free(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_escaping(data, size);
	check_json_text(data, size);
	check_line(data, size);
	return 0;
}
