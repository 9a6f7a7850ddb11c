// SPDX-License-Identifier: Apache-2.0
/* What --safe passes on to a terminal, however the bytes are cut into writes. */
#include <stdlib.h>
#include <string.h>

#include "features/safe_text.h"
#include "fuzz.h"
#include "output/output.h"

/* The length of a sequence that --safe may pass on. */
static size_t harmless_sequence(const char *text, size_t size)
{
	size_t length = 2;

	REQUIRE(size >= 3 && text[0] == '\033' && text[1] == '[');
	while (length < size && strchr("0123456789;:", text[length]) && text[length])
		length++;
	REQUIRE(length < size && text[length] && strchr("ABCDEFGH`adefm", text[length]));
	return length + 1;
}

static size_t harmless_character(const char *text, size_t size)
{
	uint32_t character;
	size_t length = utf8_decode(text, size, &character);

	REQUIRE(length);
	REQUIRE((character >= 0x20 && character < 0x7f) || character >= 0xa0 ||
		(character && character < 0x20 && strchr("\n\r\t\b", (int)character)));
	return length;
}

static void require_harmless(const struct buffer *out)
{
	size_t at = 0;

	while (at < out->size)
		at += out->data[at] == '\033' ? harmless_sequence(out->data + at, out->size - at) :
						harmless_character(out->data + at, out->size - at);
}

/* Text without any control is passed on whole. */
static void require_text(const struct buffer *out, const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (data[i] < 0x20 || data[i] >= 0x7f)
			return;
	REQUIRE(out->size == size && (!size || !memcmp(out->data, data, size)));
}

static void pass(struct buffer *out, const uint8_t *data, size_t size, size_t piece)
{
	struct safe_text safe = {};
	size_t at, part;

	for (at = 0; at < size; at += part) {
		part = size - at < piece ? size - at : piece;
		safe_text_append(&safe, out, (const char *)data + at, part);
		require_harmless(out);
	}
	safe_text_end(&safe, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = {}, pieces = {};

	pass(&whole, data, size, size ? size : 1);
	pass(&pieces, data, size, size ? data[0] % 7 + 1 : 1);
	require_harmless(&whole);
	require_text(&whole, data, size);
	REQUIRE(whole.size == pieces.size &&
		(!whole.size || !memcmp(whole.data, pieces.data, whole.size)));
	buffer_free(&whole);
	buffer_free(&pieces);
	return 0;
}
