// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/listing.h"

#define LINE_MARK " // Line"

/* Before a program's name. libbcc names its section before 0.19, and then puts a colon behind it.
 */
static const char *const heads[] = { "Disassembly of function ",
				     "Disassembly of section .bpf.fn." };

static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* The name of the program whose part the line begins, or NULL. */
static const char *name_in_head(const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (begins_with(line, heads[i]))
			return line + strlen(heads[i]);
	return NULL;
}

char *listing_find(char *messages)
{
	char *line = messages;

	while (*line && !name_in_head(line))
		line += next_line(line) - line;
	return *line ? line : NULL;
}

/* The line after the head of the program's part, or NULL. */
static const char *find_program(const char *listing, const char *program)
{
	size_t length = strlen(program);
	const char *name;

	for (; *listing; listing = next_line(listing)) {
		name = name_in_head(listing);
		if (name && begins_with(name, program) && strchr(":\n", name[length]))
			return next_line(listing);
	}
	return NULL;
}

/* The number at the end of "; TEXT // Line 367"; 0 if it has none. TEXT may have the mark too. */
static uint32_t line_number(const char *at)
{
	const char *end = next_line(at), *mark = end;

	while (mark > at && !begins_with(mark, LINE_MARK))
		mark--;
	return mark > at ? (uint32_t)strtoul(mark + strlen(LINE_MARK), NULL, 10) : 0;
}

uint32_t *listing_lines(const char *listing, const char *program, uint32_t count)
{
	const char *at = find_program(listing, program);
	uint32_t *lines = at ? calloc(count, sizeof(*lines)) : NULL;
	uint32_t line = 0, number, next = 0;

	for (; lines && *at && !name_in_head(at); at = next_line(at)) {
		if (*at == ';') {
			line = line_number(at);
		} else if (sscanf(at, "%u:", &number) == 1 && number < count) {
			/* The second half of a wide instruction has no number of its own. */
			for (; next && next < number; next++)
				lines[next] = lines[next - 1];
			lines[number] = line;
			next = number + 1;
		}
	}
	return lines;
}
