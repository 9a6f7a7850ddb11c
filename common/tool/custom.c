// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/message.h"
#include "compile/c_reader.h"
#include "tool/custom.h"
#include "tool/tool_who.h"

static bool is_named(const struct named_probes *named, const char *program)
{
	size_t i;

	for (i = 0; i < named->count; i++)
		if (!strcmp(named->probes[i].program, program))
			return true;
	return false;
}

/* The tool's own programs are attached by its probe sets, this kernel's or others. */
static void say_unattached(const struct named_probes *named, const struct tool *tool,
			   const struct source_text *source, const struct image *image)
{
	uint32_t i;

	for (i = 0; i < image->program_count; i++) {
		const char *program = image->programs[i].name;
		char place[NAMED_PLACE_SIZE];

		if (is_named(named, program) || c_has_word(tool->source->text, program) ||
		    (tool->who && c_has_word(tool->who->source->text, program)))
			continue;
		program_place(place, source, program);
		message(tool->name,
			"%snothing attaches the function %s: it is not one of the "
			"tool's own, and not named kprobe__FUNCTION or the like",
			place, program);
	}
}

/* Whether events come that submit.bpf.h does not send: they have no header. */
static bool sends_foreign_events(const struct image *image)
{
	return image->program_count && image_find_map(image, "events") >= 0 &&
	       image_find_map(image, "batches") < 0;
}

int custom_examine(struct named_probes *named, const struct tool *tool,
		   const struct source_text *source, const struct image *image, struct error *error)
{
	int err = named_probes_find(named, source, image, error);

	if (err)
		return err;
	if (sends_foreign_events(image))
		return error_set(error, EINVAL,
				 "%s sends events of its own format, which %s can't read: submit() "
				 "of the tool's own source (--ebpf) is missing",
				 source->name, tool->name);
	say_unattached(named, tool, source, image);
	return 0;
}
