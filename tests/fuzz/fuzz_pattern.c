// SPDX-License-Identifier: Apache-2.0
/* A user's regular expression, up to a NUL, on a watched program's text behind it. */
#include <string.h>

#include "base/pattern.h"
#include "base/python_syntax.h"
#include "fuzz.h"

/* What was translated once has nothing left to translate. */
static void check_translation(const char *pattern)
{
	struct buffer once = {}, twice = {};
	char *text;

	REQUIRE(python_syntax_translate(&once, pattern, SIZE_MAX) == strlen(pattern));
	text = buffer_take_string(&once);
	python_syntax_translate(&twice, text, SIZE_MAX);
	REQUIRE(twice.size == strlen(text) &&
		!memcmp(twice.data ? twice.data : "", text, twice.size));
	buffer_free(&twice);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	struct pattern *pattern = NULL;
	struct error error = {};

	if (!end)
		return 0;
	check_translation((const char *)data);
	if (pattern_compile(&pattern, (const char *)data, &error))
		REQUIRE(error.text[0]);
	else
		pattern_matches(pattern, (const char *)end + 1, size - (size_t)(end - data) - 1);
	pattern_free(pattern);
	return 0;
}
