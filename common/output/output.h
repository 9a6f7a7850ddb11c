/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard output: lines are collected and written in one write a batch. Text of the traced system
 * is escaped so that it can neither drive a terminal nor look like another line.
 */
#ifndef SNOOPKIT_OUTPUT_H
#define SNOOPKIT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct output {
	int fd;
	bool is_own;   /* fd was opened here, and does not block */
	int cancel_fd; /* readable: give up a write that can't go on; -1 for none */
	bool json;
	struct buffer pending;
	struct buffer escaped;	 /* one column's text, for as long as its row is made */
	uint64_t start_time;	 /* of the tracing, nanoseconds of CLOCK_MONOTONIC */
	int64_t realtime_offset; /* nanoseconds from CLOCK_MONOTONIC to CLOCK_REALTIME */
};

void output_init(struct output *output, int fd, bool json);

/* Takes the clocks' distance anew, for the batch that follows (the wall clock may be set). */
void output_sync_clock(struct output *output);

/*
 * Writes what is pending. -EPIPE when the reader is gone, -ECANCELED when it does not read and
 * cancel_fd became readable, or another negative errno.
 */
int output_flush(struct output *output);

void output_free(struct output *output);

/*
 * Where stdio printed something that is no event: the exit status, which is status unless it could
 * not be written; a message says so then.
 */
int output_end_text(const char *tool, int status);

/*
 * Appends text with what is not UTF-8, what a terminal does not show (character_is_unseen()), and
 * combining marks that have no character to stand on, or more than three others there, as \ooo for
 * each byte, and a backslash as \\. Returns how many columns it takes, every character counted as
 * one.
 */
size_t escape_append(struct buffer *buffer, const void *text, size_t size);

/*
 * Appends JSON text in UTF-8, without line breaks, with the same characters as \uXXXX: in a JSON
 * string that is another way to write them.
 */
void escape_append_json(struct buffer *buffer, const char *json, size_t size);

/*
 * The length in bytes (1 to 4) of the UTF-8 character at the start of text and its code point, or 0
 * where there is none: overlong forms, surrogates and what is above U+10FFFF are none.
 */
size_t utf8_decode(const void *text, size_t size, uint32_t *code_point);

/*
 * RFC 3339 in UTC with microseconds, "2026-01-02T03:04:05.678901Z". time in nanoseconds of
 * CLOCK_MONOTONIC.
 */
void output_format_time(const struct output *output, uint64_t time, char text[40]);

/* Local time of day, "03:04:05". */
void output_format_clock(const struct output *output, uint64_t time, char text[16]);

#endif
