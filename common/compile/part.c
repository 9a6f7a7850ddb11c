// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/c_reader.h"
#include "compile/part.h"

#define MOST_DEFINES 128
#define DEFINE_SIZE  288 /* a name twice: see IMAGE_NAME_SIZE */

struct defines {
	char *list[MOST_DEFINES + 1];
	char texts[MOST_DEFINES][DEFINE_SIZE];
	size_t count;
};

static bool is_wanted(const struct program_part *part, const struct c_token *name)
{
	size_t i;

	for (i = 0; part->programs[i]; i++)
		if (c_token_is(name, part->programs[i]))
			return true;
	return false;
}

static char *next_text(struct defines *defines)
{
	char *text = defines->texts[defines->count];

	defines->list[defines->count++] = text;
	return text;
}

/* "int static NAME(" is a static function too: specifiers may stand in any order. */
static void leave_out(struct defines *defines, const struct c_token *name)
{
	if (defines->count < MOST_DEFINES && name->length <= DEFINE_SIZE / 2 - sizeof("=static "))
		snprintf(next_text(defines), DEFINE_SIZE, "%.*s=static %.*s", (int)name->length,
			 name->text, (int)name->length, name->text);
}

/* A declaration at the top of the source, as far as it was read. */
struct declaration {
	bool is_static;
	struct c_token before[2]; /* the last token, and the one before it */
};

static void take(struct declaration *declaration, const struct c_token *token)
{
	if (c_token_is(token, ";") || c_token_is(token, "{")) {
		*declaration = (struct declaration){};
		return;
	}
	declaration->is_static |= c_token_is(token, "static");
	declaration->before[1] = declaration->before[0];
	declaration->before[0] = *token;
}

/* A program is a function that is not static: int NAME(...). */
static bool begins_program(const struct declaration *declaration, const struct c_token *token)
{
	return c_token_is(token, "(") && !declaration->is_static && declaration->before[1].length &&
	       c_token_is(&declaration->before[1], "int");
}

char **part_defines(const struct program_part *part, const char *source)
{
	struct defines *defines = calloc(1, sizeof(*defines));
	struct c_reader reader = { .at = source };
	struct declaration declaration = {};
	struct c_token token;

	if (!defines)
		return NULL;
	snprintf(next_text(defines), DEFINE_SIZE, "GIVEN_PARAMETERS=%#xU", part->parameters);
	while (c_reader_next(&reader, &token)) {
		if (token.braces || token.in_directive)
			continue;
		if (begins_program(&declaration, &token) &&
		    !is_wanted(part, &declaration.before[0]))
			leave_out(defines, &declaration.before[0]);
		take(&declaration, &token);
	}
	return defines->list;
}
