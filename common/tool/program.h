/* SPDX-License-Identifier: Apache-2.0 */
/* A tool's BPF program: its source, and its image, from the cache or compiled. */
#ifndef SNOOPKIT_PROGRAM_H
#define SNOOPKIT_PROGRAM_H

#include <stdbool.h>

#include "base/error.h"
#include "image/image.h"
#include "tool/options.h"
#include "tool/settings.h"
#include "tool/tool.h"

struct program {
	const char *name; /* in messages */
	const char *text;
	char *owned;	 /* the text if it was read from a file, else NULL */
	char *with_who;	 /* the text with the sections of --who; NULL: without --who */
	bool has_beside; /* the programs for --who are not in the text */
	/* Set it after the kernel refused what was compiled: clang then runs its own passes too. */
	bool usual_flags;
	bool whole; /* also what other options and other probe sets than the first would need */
};

/*
 * Takes the tool's own source, or reads the file of --source, which may be a pipe and take long.
 * Returns 0 or a negative errno with a message; call program_free() in either case.
 */
int program_read(struct program *program, const struct tool *tool, const struct options *options,
		 struct error *error);
void program_free(struct program *program);

/*
 * Takes the image from where programs are kept (compile/programs.h), or from the cache, or compiles
 * it and stores it in the cache; free it with image_free(). It is for the running kernel, or for
 * the one that --for describes; with --keep it is put into that directory. Compiling takes long:
 * unless it is all that is wanted, this first checks that one of the settings' probe sets can be
 * attached. Without settings (NULL) it does not check. Returns 0 or a negative errno with a
 * message: -ECANCELED if cancel_fd becomes readable while it compiles.
 */
int program_image(const struct program *program, const struct tool *tool,
		  const struct options *options, const struct settings *settings, int cancel_fd,
		  struct image **image, struct error *error);

/* Whether the running kernel's program is kept, so that the tool starts without a compiler. */
bool program_is_kept(const struct program *program, const struct tool *tool,
		     const struct options *options);

#endif
