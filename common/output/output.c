// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "output/character.h"
#include "output/output.h"

void output_init(struct output *output, int fd, bool json)
{
	*output = (struct output){ .cancel_fd = -1, .deadline = CLOCK_NEVER, .json = json };
	sink_open(&output->sink, fd);
	output_sync_clock(output);
}

void output_sync_clock(struct output *output)
{
	output->realtime_offset = clock_realtime_offset();
}

int output_flush(struct output *output)
{
	struct buffer *pending = &output->pending;
	int err = pending->failed ? -ENOMEM : 0;
	size_t done = 0;

	if (!err)
		err = sink_write_all(&output->sink, pending->data, pending->size, output->cancel_fd,
				     output->deadline, &done);
	if (err == -ECANCELED) {
		pending->size -= done;
		memmove(pending->data, pending->data + done, pending->size);
	} else {
		buffer_reset(pending);
	}
	return err;
}

size_t output_pending_lines(const struct output *output)
{
	const char *at = output->pending.data, *end = at + output->pending.size;
	size_t count = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

int output_end_text(const char *tool, int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: can't write to standard output: %s\n", tool, strerror(errno));
	return 1;
}

void output_free(struct output *output)
{
	buffer_free(&output->pending);
	buffer_free(&output->escaped);
	json_decref(output->origin);
	sink_close(&output->sink);
}

size_t utf8_decode(const void *text, size_t size, uint32_t *code_point)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = text;
	uint32_t value;
	size_t length, i;

	if (!size)
		return 0;
	if (bytes[0] < 0x80) {
		*code_point = bytes[0];
		return 1;
	}
	length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || length > size)
		return 0;
	value = bytes[0] & (0x7fU >> length);
	for (i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code_point = value;
	return length;
}

/* More than that on one character hide it and its neighbours; Vietnamese takes two. */
#define MOST_MARKS 3

/* ASCII's, and Unicode's general category Zs: what the eye or a program takes for a gap. */
static bool is_space(uint32_t character)
{
	return character == ' ' || character == 0xa0 || character == 0x1680 ||
	       (character >= 0x2000 && character <= 0x200a) || character == 0x202f ||
	       character == 0x205f || character == 0x3000;
}

/*
 * Whether a character shows as itself behind what came before. *room is how many combining marks
 * may follow: none at the start, behind a space and behind what was escaped.
 */
static bool is_harmless(uint32_t character, unsigned int *room)
{
	if (character_is_unseen(character)) {
		*room = 0;
		return false;
	}
	if (!character_is_combining(character)) {
		*room = character == ' ' ? 0 : MOST_MARKS;
		return true;
	}
	if (!*room)
		return false;
	(*room)--;
	return true;
}

/*
 * How many bytes, none below least, need no escape. Most text is nothing else and is copied in one
 * piece.
 */
static size_t plain_length(const unsigned char *bytes, const unsigned char *end,
			   unsigned char least)
{
	const unsigned char *at = bytes;

	while (at < end && *at >= least && *at < 0x7f && *at != '\\')
		at++;
	return (size_t)(at - bytes);
}

/* Appends one character, or a byte that is none. Returns how many columns it takes. */
static size_t escape_character(struct buffer *buffer, const unsigned char *bytes, size_t length,
			       bool is_shown)
{
	size_t i;

	if (length == 1 && *bytes == '\\') {
		buffer_append(buffer, "\\\\", 2);
		return 2;
	}
	if (is_shown) {
		buffer_append(buffer, bytes, length);
		return 1;
	}
	for (i = 0; i < length; i++)
		buffer_printf(buffer, "\\%03o", bytes[i]);
	return 4 * length;
}

static size_t append_escaped(struct buffer *buffer, const void *text, size_t size, bool is_word)
{
	const unsigned char *bytes = text, *end = bytes + size;
	size_t columns = 0, length;
	unsigned int room = 0;
	uint32_t character;
	bool is_shown;

	while (bytes < end) {
		length = plain_length(bytes, end, is_word ? ' ' + 1 : ' ');
		if (length) {
			buffer_append(buffer, bytes, length);
			columns += length;
			bytes += length;
			room = bytes[-1] == ' ' ? 0 : MOST_MARKS;
			continue;
		}
		length = utf8_decode(bytes, (size_t)(end - bytes), &character);
		is_shown = length && is_harmless(character, &room) &&
			   !(is_word && is_space(character));
		if (!is_shown || character == '\\')
			room = 0;
		length += !length;
		columns += escape_character(buffer, bytes, length, is_shown);
		bytes += length;
	}
	return columns;
}

size_t escape_append(struct buffer *buffer, const void *text, size_t size)
{
	return append_escaped(buffer, text, size, false);
}

size_t escape_append_word(struct buffer *buffer, const void *text, size_t size)
{
	return append_escaped(buffer, text, size, true);
}

/* How many bytes of JSON show as themselves and are ASCII: nearly all of most events. */
static size_t ascii_length(const char *json, const char *end)
{
	const char *at = json;

	while (at < end && *at >= 0x20 && *at < 0x7f)
		at++;
	return (size_t)(at - json);
}

/* As JSON has it: what does not fit into 16 bits is a pair of surrogates. */
static void escape_in_json(struct buffer *buffer, uint32_t character)
{
	if (character < 0x10000)
		buffer_printf(buffer, "\\u%04x", character);
	else
		buffer_printf(buffer, "\\u%04x\\u%04x", 0xd7c0 + (character >> 10),
			      0xdc00 + (character & 0x3ff));
}

void escape_append_json(struct buffer *buffer, const char *json, size_t size)
{
	const char *end = json + size;
	unsigned int room = 0;
	uint32_t character;
	size_t length;

	while (json < end) {
		length = ascii_length(json, end);
		if (length) {
			buffer_append(buffer, json, length);
			json += length;
			room = json[-1] == '"' || json[-1] == ' ' ? 0 : MOST_MARKS;
			continue;
		}
		length = utf8_decode(json, (size_t)(end - json), &character);
		if (!length) {
			length = 1;
			buffer_append_string(buffer, "\\ufffd");
		} else if (is_harmless(character, &room)) {
			buffer_append(buffer, json, length);
		} else {
			escape_in_json(buffer, character);
		}
		json += length;
	}
}

static int64_t split(const struct output *output, uint64_t time, struct tm *broken,
		     struct tm *(*convert)(const time_t *, struct tm *))
{
	int64_t real = (int64_t)time + output->realtime_offset;
	time_t seconds = (time_t)(real / (int64_t)SECOND);

	convert(&seconds, broken);
	return real % (int64_t)SECOND;
}

void output_format_time(const struct output *output, uint64_t time, char text[40])
{
	struct tm broken;
	int64_t rest = split(output, time, &broken, gmtime_r);
	size_t length = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &broken);

	snprintf(text + length, 40 - length, ".%06dZ", (int)(rest / 1000));
}

void output_format_clock(const struct output *output, uint64_t time, char text[16])
{
	struct tm broken;

	split(output, time, &broken, localtime_r);
	strftime(text, 16, "%H:%M:%S", &broken);
}
