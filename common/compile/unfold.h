/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's source as --ebpf prints it, and as it is compiled. It is printed in sections, the
 * tool's own program first; its lines #include "NAME" stand for a section below:
 *
 *     ==== bpfsrc/execsnoop.c ====         (each such line is a comment of C)
 *     #include "prelude.bpf.h"
 *     ...
 *     ==== bpfsrc/prelude.bpf.h ====
 *     ...
 *
 * To be compiled each section goes to where it is first included, since libbcc rewrites no other
 * text than the main file's. What follows ==== end ==== comes last. A text without sections is
 * compiled as it is.
 */
#ifndef SNOOPKIT_UNFOLD_H
#define SNOOPKIT_UNFOLD_H

#include <stdbool.h>

#include "compile/source.h"

struct unfolded {
	char *text;		   /* malloc'ed */
	struct source_part *parts; /* malloc'ed */
};

/*
 * Unfolds a text. The parts name the sections' files, or, if the text has a file (a user's), that
 * file with its lines. Returns 0 with an empty struct if the text has no sections; or -ENOMEM.
 * unfolded_free() frees both members.
 */
int unfold(const char *text, const char *file, struct unfolded *unfolded);

void unfolded_free(struct unfolded *unfolded);

#endif
