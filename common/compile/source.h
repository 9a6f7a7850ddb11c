/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source text of a BPF program. scripts/embed.c makes it from a file of bpfsrc/ and the headers
 * that the file includes, in sections (unfold.h). clang's messages about the text that is compiled
 * are translated into the names and lines of those files.
 */
#ifndef SNOOPKIT_SOURCE_H
#define SNOOPKIT_SOURCE_H

/* Lines that stand together in the text and in a file. Lines are counted from 1. */
struct source_part {
	unsigned int first; /* the first of these lines in the text; 0 ends an array of parts */
	const char *file;   /* as seen from the top of the source tree */
	unsigned int line;  /* the same line in the file */
};

struct program_source {
	const char *text;
};

/* The line of the file that a line of the text comes from; without parts (NULL) the line itself. */
unsigned int source_line(const struct source_part *parts, unsigned int line);

/*
 * Returns the messages with the true names and lines in place of "COMPILED:LINE", where COMPILED is
 * the name that the text was compiled under. Without parts (NULL), or where there is no line, name
 * takes the place of COMPILED. malloc'ed; NULL without memory.
 */
char *source_translate(const char *messages, const char *compiled, const char *name,
		       const struct source_part *parts);

#endif
