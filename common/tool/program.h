/* SPDX-License-Identifier: Apache-2.0 */
/* A tool's BPF program: which text, and the image of it, kept or compiled. */
#ifndef SNOOPKIT_PROGRAM_H
#define SNOOPKIT_PROGRAM_H

#include "base/error.h"
#include "image/image.h"
#include "tool/options.h"
#include "tool/settings.h"
#include "tool/tool.h"

struct program {
	const char *name; /* what messages call it */
	const char *text;
	char *owned; /* the text, where it was read from a file */
};

/*
 * The tool's own text, or that of --source, which may be a pipe that takes its time. Returns 0 or a
 * negative errno with a message; to be freed in either case.
 */
int program_read(struct program *program, const struct tool *tool, const struct options *options,
		 struct error *error);
void program_free(struct program *program);

/*
 * The image, to be freed with image_free(): from the cache, or compiled and kept there. Before it
 * is compiled, which takes its time, it is made sure that one of the settings' probe sets can be
 * attached. Without settings (NULL) that is not asked. Readable cancel_fd: -ECANCELED. Returns 0 or
 * a negative errno with a message.
 */
int program_image(const struct program *program, const struct tool *tool,
		  const struct options *options, const struct settings *settings, int cancel_fd,
		  struct image **image, struct error *error);

#endif
