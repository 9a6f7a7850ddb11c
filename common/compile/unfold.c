// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "compile/unfold.h"

#define MAX_SECTIONS 48
#define MAX_NAME     128
#define MAX_DEPTH    16 /* of includes in each other */

struct section {
	char name[MAX_NAME]; /* "bpfsrc/prelude.bpf.h" */
	const char *text, *end;
	unsigned int line;  /* in the whole text, of its first line */
	unsigned int start; /* the same of its file's first line */
	bool is_used;
};

struct unfolding {
	const char *file; /* NULL: the sections' names count */
	struct section sections[MAX_SECTIONS];
	size_t section_count;
	struct buffer text, parts;
	struct source_part last; /* of parts */
	unsigned int lines;	 /* of text */
};

static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

static bool starts_with(const char *at, const char *start)
{
	return !strncmp(at, start, strlen(start));
}

/*
 * Whether the line begins a section; then name is its file's. sscanf() first looks for the end of
 * the whole text: it is asked of few lines.
 */
static bool is_section(const char *at, char name[MAX_NAME])
{
	return starts_with(at, "/* ====") && sscanf(at, "/* ==== %127[^ ] ==== */", name) == 1;
}

static void find_sections(struct unfolding *unfolding, const char *text)
{
	struct section *section = NULL;
	unsigned int line = 1;
	char name[MAX_NAME];
	const char *at;

	for (at = text; *at; at = next_line(at), line++) {
		if (!is_section(at, name))
			continue;
		if (section)
			section->end = at;
		if (unfolding->section_count == MAX_SECTIONS)
			return;
		section = &unfolding->sections[unfolding->section_count++];
		snprintf(section->name, sizeof(section->name), "%s", name);
		/* What a user wrote on top belongs to the first. */
		section->text = unfolding->section_count == 1 ? text : next_line(at);
		section->line = unfolding->section_count == 1 ? 1 : line + 1;
		section->start = line + 1;
	}
	if (section)
		section->end = at;
}

/* The section that an #include "NAME" stands for, or NULL. */
static struct section *included(struct unfolding *unfolding, const char *at)
{
	char name[MAX_NAME];
	const char *slash;
	size_t i;

	if (!starts_with(at, "#include") || sscanf(at, "#include \"%127[^\"]\"", name) != 1)
		return NULL;
	for (i = 0; i < unfolding->section_count; i++) {
		slash = strrchr(unfolding->sections[i].name, '/');
		if (!strcmp(slash ? slash + 1 : unfolding->sections[i].name, name))
			return &unfolding->sections[i];
	}
	return NULL;
}

static void put_line(struct unfolding *unfolding, const struct section *section, const char *at,
		     unsigned int line)
{
	struct source_part part = { .first = unfolding->lines + 1,
				    .file = unfolding->file ? unfolding->file : section->name,
				    .line = unfolding->file ? line : line - section->start + 1 };
	const struct source_part *last = &unfolding->last;

	if (!last->first || strcmp(last->file, part.file) ||
	    part.line - last->line != part.first - last->first) {
		buffer_append(&unfolding->parts, &part, sizeof(part));
		unfolding->last = part;
	}
	buffer_append(&unfolding->text, at, (size_t)(next_line(at) - at));
	unfolding->lines++;
}

static void put_section(struct unfolding *unfolding, struct section *section, int depth)
{
	unsigned int line = section->line;
	struct section *other;
	const char *at;

	section->is_used = true;
	for (at = section->text; at < section->end; at = next_line(at), line++) {
		other = included(unfolding, at);
		if (!other)
			put_line(unfolding, section, at, line);
		else if (!other->is_used && depth < MAX_DEPTH)
			put_section(unfolding, other, depth + 1);
	}
}

/* The parts with names that outlive the sections: they follow the array, in the same memory. */
static struct source_part *keep_parts(const struct unfolding *unfolding)
{
	size_t size = unfolding->parts.size, count = size / sizeof(struct source_part), i;
	size_t names = unfolding->file ? 0 : count * MAX_NAME;
	struct source_part *parts = calloc(1, size + sizeof(*parts) + names);
	char *name = (char *)(parts + count + 1);

	if (!parts)
		return NULL;
	memcpy(parts, unfolding->parts.data, size);
	for (i = 0; !unfolding->file && i < count; i++, name += MAX_NAME) {
		snprintf(name, MAX_NAME, "%s", parts[i].file);
		parts[i].file = name;
	}
	return parts;
}

int unfold(const char *text, const char *file, struct unfolded *unfolded)
{
	struct unfolding *unfolding = calloc(1, sizeof(*unfolding));
	int err = 0;
	size_t i;

	*unfolded = (struct unfolded){};
	if (!unfolding)
		return -ENOMEM;
	unfolding->file = file;
	find_sections(unfolding, text);
	if (unfolding->section_count) {
		put_section(unfolding, &unfolding->sections[0], 0);
		for (i = 1; i < unfolding->section_count; i++)
			if (!strcmp(unfolding->sections[i].name, "end"))
				put_section(unfolding, &unfolding->sections[i], 0);
		unfolded->text = buffer_take_string(&unfolding->text);
		if (!unfolding->parts.failed)
			unfolded->parts = keep_parts(unfolding);
		if (!unfolded->text || !unfolded->parts)
			err = -ENOMEM;
	}
	buffer_free(&unfolding->text);
	buffer_free(&unfolding->parts);
	free(unfolding);
	return err;
}

void unfolded_free(struct unfolded *unfolded)
{
	free(unfolded->text);
	free(unfolded->parts);
	*unfolded = (struct unfolded){};
}
