// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "trace/verifier_log.h"

static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

/* The source's line of the instruction that the log's line is about; 0: none, or not known. */
static uint32_t line_of(const struct image_program *program, const char *at)
{
	unsigned int number, code;

	if (!program->lines || sscanf(at, "%u: (%2x)", &number, &code) != 2 ||
	    number >= program->instruction_count)
		return 0;
	return program->lines[number];
}

static void append_place(struct buffer *buffer, const struct source_text *source, uint32_t line)
{
	const char *at = source->text;
	uint32_t number;

	for (number = 1; number < line && *at; number++)
		at = next_line(at);
	at += strspn(at, " \t");
	buffer_printf(buffer, "; %s:%u: %.*s\n", source->name, line, (int)strcspn(at, "\r\n"), at);
}

char *verifier_log_explain(const struct image_program *program, const struct source_text *source,
			   const char *log)
{
	struct buffer explained = {};
	uint32_t shown = 0, line;
	const char *next;
	char *text;

	for (; *log; log = next) {
		next = next_line(log);
		line = source->text ? line_of(program, log) : 0;
		if (line && line != shown)
			append_place(&explained, source, line);
		shown = line ? line : shown;
		buffer_append(&explained, log, (size_t)(next - log));
	}
	text = buffer_take_string(&explained);
	buffer_free(&explained);
	return text;
}

uint32_t verifier_log_line(const struct image_program *program, const char *log)
{
	uint32_t last = 0, line;

	for (; *log; log = next_line(log)) {
		line = line_of(program, log);
		last = line ? line : last;
	}
	return last;
}

/* Lines of figures, which follow the reason: print_verification_stats() in kernel/bpf/log.c. */
static int is_statistics(const char *at)
{
	return !strncmp(at, "processed ", 10) || !strncmp(at, "verification time", 17) ||
	       !strncmp(at, "stack depth", 11);
}

void verifier_log_reason(const char *log, char *reason, size_t size)
{
	const char *found = "";

	for (; *log; log = next_line(log))
		if (*log != '\n' && !is_statistics(log))
			found = log;
	snprintf(reason, size, "%.*s", (int)strcspn(found, "\n"), found);
}
