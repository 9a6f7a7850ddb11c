// SPDX-License-Identifier: Apache-2.0
/* A user's source (--source) and clang's messages. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "btf/source_scan.h"
#include "compile/feature_test.h"

static const struct feature_test feature_tests[] = {
	{ "A", "struct a", "x", "a.h" },
	{ "B", "func b", "x", "a.h" },
	{ "C", "struct c", "x", NULL },
	{},
};

static void check_names(const struct name_table *names, const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < names->capacity; i++) {
		const struct name *name = &names->slots[i];

		REQUIRE(!name->text ||
			(name->text >= text && name->text + name->length <= text + size));
	}
}

static void check_includes(const struct name_table *includes)
{
	size_t i;

	for (i = 0; i < includes->capacity; i++) {
		const struct name *name = &includes->slots[i];

		/* The names become files below a directory. */
		REQUIRE(!name->text || (name->length && name->text[0] != '/' &&
					!memmem(name->text, name->length, "..", 2) &&
					!memchr(name->text, '\n', name->length)));
	}
}

static void scan_text(const char *text, size_t size)
{
	struct source_names names = {};

	REQUIRE(!source_scan(&names, text));
	check_names(&names.words, text, size);
	check_names(&names.includes, text, size);
	check_includes(&names.includes);
	source_names_free(&names);
}

static void read_messages(const char *text)
{
	bool kernel_has[3] = { true, true, true };

	if (feature_tests_read_diagnostics(text, feature_tests, kernel_has))
		REQUIRE(!kernel_has[0] && !kernel_has[1]);
	REQUIRE(!kernel_has[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	REQUIRE(text);
	memcpy(text, data, size);
	text[size] = '\0';
	scan_text(text, strlen(text));
	read_messages(text);
	free(text);
	return 0;
}
