/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard output. Lines are collected and a batch of them is written at once. Text from the traced
 * system is escaped: it can neither control a terminal nor look like another line.
 */
#ifndef SNOOPKIT_OUTPUT_H
#define SNOOPKIT_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/sink.h"

struct who_view;

struct output {
	struct sink sink;
	int cancel_fd;	   /* when it is readable, a write that would wait is given up; or -1 */
	uint64_t deadline; /* from then on too; CLOCK_NEVER at first */
	bool json;
	const struct who_view *who; /* of the event at hand, see who_view.h; NULL: not asked for */
	json_t *origin;		    /* members of each JSON object, see row_origin(); NULL: none */
	struct buffer pending;	    /* the lines that output_flush() will write */
	struct buffer escaped;	    /* for row.c: one column's text */
	uint64_t start_time;	    /* of the tracing, in nanoseconds of CLOCK_MONOTONIC */
	int64_t realtime_offset;    /* nanoseconds from CLOCK_MONOTONIC to CLOCK_REALTIME */
};

/* fd stays the caller's. */
void output_init(struct output *output, int fd, bool json);

/* Reads realtime_offset again. For each batch: the wall clock may have been set. */
void output_sync_clock(struct output *output);

/*
 * Writes the pending lines; they are gone afterwards, also after an error. Returns 0, -EPIPE if the
 * reader is gone, or another negative errno. -ECANCELED if the reader does not read and cancel_fd
 * became readable or the deadline came: what was not written is then still pending.
 */
int output_flush(struct output *output);

/* How many lines are pending; one that is cut counts. */
size_t output_pending_lines(const struct output *output);

void output_free(struct output *output);

/*
 * For text that was printed with stdio: flushes stdout and returns the exit status. That is status,
 * or 1 with a message on stderr if the text could not be written.
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
 * The same with spaces escaped too, Unicode's as well: the text stays one word, and can't look like
 * what the tool writes after it.
 */
size_t escape_append_word(struct buffer *buffer, const void *text, size_t size);

/*
 * Appends JSON text (UTF-8, without line breaks) in which the same characters are escaped as
 * \uXXXX. A JSON parser reads the same string.
 */
void escape_append_json(struct buffer *buffer, const char *json, size_t size);

/*
 * Returns the length in bytes (1 to 4) of the UTF-8 character at the start of text and stores its
 * code point. Returns 0 if there is no valid character: overlong forms, surrogates and numbers
 * above U+10FFFF are not valid.
 */
size_t utf8_decode(const void *text, size_t size, uint32_t *code_point);

/*
 * Writes a time as RFC 3339 in UTC with microseconds, "2026-01-02T03:04:05.678901Z". time is in
 * nanoseconds of CLOCK_MONOTONIC.
 */
void output_format_time(const struct output *output, uint64_t time, char text[40]);

/* Writes the local time of day, "03:04:05". time is in nanoseconds of CLOCK_MONOTONIC. */
void output_format_clock(const struct output *output, uint64_t time, char text[16]);

#endif
