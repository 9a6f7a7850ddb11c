/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording of a terminal in the format of asciinema, asciicast v2:
 * https://docs.asciinema.org/manual/asciicast/v2/
 */
#ifndef SNOOPKIT_RECORDING_H
#define SNOOPKIT_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"
#include "written.h"

/* All zero: no recording. */
struct recording {
	FILE *file; /* NULL: none, or it has ended */
	const char *path;
	uint64_t start;	  /* of the recording, as clock_now() */
	uint64_t flushed; /* when it was last written out, as clock_now() */
	struct written_terminal terminal;
	struct buffer text; /* what the terminal got */
	struct buffer torn; /* the start of a character whose rest has not come yet */
};

/*
 * Makes or empties the file, which is then readable by its owner only. The owner is the user who
 * called sudo, or root where that user may not write. It must be a regular file of the owner's with
 * no other name; links are not followed. terminal is that of the start.
 * Returns 0 or a negative errno with a message.
 */
int recording_open(struct recording *recording, const char *path,
		   const struct written_terminal *terminal, struct error *error);

/* The flags and size of the terminal that fd is open on, or the defaults (-1). */
struct written_terminal recording_terminal(int fd);

/* The times that follow count from this one. */
void recording_begin(struct recording *recording, uint64_t time);

/*
 * Adds a write. terminal is that of the write; WRITTEN_TERMINAL_KNOWN is not set if it is not
 * known. False if the file can't be written: the recording has then ended.
 */
bool recording_add(struct recording *recording, uint64_t time,
		   const struct written_terminal *terminal, const char *text, size_t size);

/* Writes what is left and closes the file. False if that failed. */
bool recording_close(struct recording *recording, uint64_t time);

#endif
