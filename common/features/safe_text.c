// SPDX-License-Identifier: Apache-2.0
/*
 * Only what is complete and known to be harmless is passed on: a sequence is held until its last
 * byte has come. So the output has no part of a sequence that a later write could complete. States
 * and byte classes: https://vt100.net/emu/dec_ansi_parser
 */
#include <stdint.h>
#include <string.h>

#include "features/safe_text.h"
#include "output/output.h"

#define ESCAPE	    '\033'
#define BELL	    '\007'
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The final bytes of cursor movements (CUU to CHA, CUP, HPA, HPR, VPA, VPR, HVP) and colours. */
#define HARMLESS_FINALS "ABCDEFGH`adefm"

static void step(struct safe_text *safe, struct buffer *out, unsigned char byte);

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* Bidirectional controls, line and paragraph separators, byte order mark: they make text lie. */
static bool turns_text(uint32_t character)
{
	return character == 0x61c || character == 0x200e || character == 0x200f ||
	       character == 0xfeff || (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

static void hold(struct safe_text *safe, unsigned char byte)
{
	safe->held[safe->size++] = (char)byte;
}

static void drop(struct safe_text *safe)
{
	safe->size = 0;
	safe->state = SAFE_TEXT_PLAIN;
}

static void append_character(struct buffer *out, const char *text, size_t size)
{
	uint32_t character;

	if (utf8_decode(text, size, &character) != size)
		buffer_append_string(out, REPLACEMENT);
	else if (!is_control(character) && !turns_text(character))
		buffer_append(out, text, size);
}

static void step_plain(struct safe_text *safe, struct buffer *out, unsigned char byte)
{
	if (byte == ESCAPE) {
		safe->state = SAFE_TEXT_ESCAPE;
	} else if (byte >= 0xc2 && byte <= 0xf4) {
		hold(safe, byte);
		safe->state = SAFE_TEXT_CHARACTER;
	} else if (byte >= 0x80) {
		buffer_append_string(out, REPLACEMENT);
	} else if (!is_control(byte) || memchr("\n\r\t\b", byte, 4)) {
		buffer_append(out, &(char){ (char)byte }, 1);
	}
}

static size_t length_of_character(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

static void step_character(struct safe_text *safe, struct buffer *out, unsigned char byte)
{
	if ((byte & 0xc0) != 0x80) {
		buffer_append_string(out, REPLACEMENT);
		drop(safe);
		step(safe, out, byte);
		return;
	}
	hold(safe, byte);
	if (safe->size < length_of_character((unsigned char)safe->held[0]))
		return;
	append_character(out, safe->held, safe->size);
	drop(safe);
}

static void step_escape(struct safe_text *safe, unsigned char byte)
{
	if (byte == '[')
		safe->state = SAFE_TEXT_CONTROL;
	else if (memchr("]PX^_", byte, 5))
		safe->state = SAFE_TEXT_CONTROL_STRING;
	else if (byte >= 0x20 && byte <= 0x2f)
		safe->state = SAFE_TEXT_INTERMEDIATE;
	else
		drop(safe);
}

/* Digits, ';' and ':' only: any other byte there makes the sequence another, private one. */
static bool is_ordinary(const struct safe_text *safe)
{
	size_t i;

	for (i = 0; i < safe->size; i++)
		if (!memchr("0123456789;:", safe->held[i], 12))
			return false;
	return safe->size < SAFE_TEXT_SEQUENCE;
}

static void step_control(struct safe_text *safe, struct buffer *out, unsigned char byte)
{
	if (byte >= 0x20 && byte <= 0x3f) {
		if (safe->size < SAFE_TEXT_SEQUENCE)
			hold(safe, byte);
		return;
	}
	if (memchr(HARMLESS_FINALS, byte, strlen(HARMLESS_FINALS)) && is_ordinary(safe)) {
		buffer_append_string(out, "\033[");
		buffer_append(out, safe->held, safe->size);
		buffer_append(out, &(char){ (char)byte }, 1);
	}
	drop(safe);
}

/* A string that does not end as it should would hide what follows: its bytes are shown as text. */
static void show_string(struct safe_text *safe, struct buffer *out)
{
	char text[SAFE_TEXT_STRING];
	size_t size = safe->size, i;

	memcpy(text, safe->held, size);
	drop(safe);
	for (i = 0; i < size; i++)
		step(safe, out, (unsigned char)text[i]);
}

static void step_string(struct safe_text *safe, struct buffer *out, unsigned char byte)
{
	if (byte == BELL) {
		drop(safe);
	} else if (byte == ESCAPE) {
		safe->state = SAFE_TEXT_STRING_ESCAPE;
	} else if (byte < 0x20 || safe->size == SAFE_TEXT_STRING) {
		show_string(safe, out);
		step(safe, out, byte);
	} else {
		hold(safe, byte);
	}
}

static void step_string_escape(struct safe_text *safe, struct buffer *out, unsigned char byte)
{
	if (byte == '\\') {
		drop(safe);
		return;
	}
	show_string(safe, out);
	step(safe, out, ESCAPE);
	step(safe, out, byte);
}

static bool is_sequence(enum safe_text_state state)
{
	return state == SAFE_TEXT_ESCAPE || state == SAFE_TEXT_INTERMEDIATE ||
	       state == SAFE_TEXT_CONTROL;
}

static void step(struct safe_text *safe, struct buffer *out, unsigned char byte)
{
	/* A control character ends a sequence, which is then left out. */
	if (is_sequence(safe->state) && (byte < 0x20 || byte >= 0x7f))
		drop(safe);
	switch (safe->state) {
	case SAFE_TEXT_PLAIN:
		step_plain(safe, out, byte);
		break;
	case SAFE_TEXT_CHARACTER:
		step_character(safe, out, byte);
		break;
	case SAFE_TEXT_ESCAPE:
		step_escape(safe, byte);
		break;
	case SAFE_TEXT_INTERMEDIATE:
		if (byte >= 0x30)
			drop(safe);
		break;
	case SAFE_TEXT_CONTROL:
		step_control(safe, out, byte);
		break;
	case SAFE_TEXT_CONTROL_STRING:
		step_string(safe, out, byte);
		break;
	case SAFE_TEXT_STRING_ESCAPE:
		step_string_escape(safe, out, byte);
		break;
	}
}

void safe_text_append(struct safe_text *safe, struct buffer *out, const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		step(safe, out, (unsigned char)text[i]);
}

void safe_text_end(struct safe_text *safe, struct buffer *out)
{
	if (safe->state == SAFE_TEXT_CONTROL_STRING || safe->state == SAFE_TEXT_STRING_ESCAPE)
		show_string(safe, out);
	else if (safe->state == SAFE_TEXT_CHARACTER)
		buffer_append_string(out, REPLACEMENT);
	drop(safe);
}
