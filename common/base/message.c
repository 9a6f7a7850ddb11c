// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/sink.h"

/* There is one standard error for the whole process, so there is one of these. */
static struct {
	struct buffer waiting;
	uint64_t dropped; /* messages for which there was no room */
	const char *tool; /* that dropped them */
	int cancel_fd;
	struct sink *kept; /* standard error, if it was kept open */
} messages = { .cancel_fd = -1 };

static void remove_written(size_t done)
{
	struct buffer *waiting = &messages.waiting;

	waiting->size -= done;
	memmove(waiting->data, waiting->data + done, waiting->size);
}

/* Writes what waits, and then how many messages there was no room for. */
static int write_to(const struct sink *sink, int cancel_fd, uint64_t deadline)
{
	struct buffer *waiting = &messages.waiting;
	size_t done;
	int err = 0;

	while (!err && waiting->size) {
		err = sink_write_all(sink, waiting->data, waiting->size, cancel_fd, deadline,
				     &done);
		remove_written(done);
		if (waiting->size || !messages.dropped)
			continue;
		buffer_printf(waiting, "%s: %" PRIu64 " messages not written\n", messages.tool,
			      messages.dropped);
		messages.dropped = 0;
	}
	return err;
}

/* Standard error is opened anew each time: messages are rare, and it may have been replaced. */
static void write_waiting(int cancel_fd, uint64_t deadline)
{
	struct sink sink;
	int err;

	if (messages.kept) {
		err = write_to(messages.kept, cancel_fd, deadline);
	} else {
		sink_open(&sink, STDERR_FILENO);
		err = write_to(&sink, cancel_fd, deadline);
		sink_close(&sink);
	}
	/* Where nothing can be written any more, nothing waits. */
	if (err && err != -ECANCELED)
		buffer_reset(&messages.waiting);
}

void message_keep_open(void)
{
	static struct sink sink;

	if (messages.kept)
		return;
	sink_open(&sink, STDERR_FILENO);
	messages.kept = &sink;
}

/* Bytes of control characters: ASCII's, and in UTF-8 U+0080 to U+009F. */
static size_t control_length(const unsigned char *text)
{
	if (text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f)
		return 2;
	return text[0] < ' ' || text[0] == 0x7f;
}

static void append_printable(struct buffer *line, const char *text)
{
	size_t length, i;

	for (; *text; text += length) {
		length = control_length((const unsigned char *)text);
		for (i = 0; i < length; i++)
			buffer_printf(line, "\\%03o", (unsigned char)text[i]);
		if (!length)
			buffer_append(line, text, ++length);
	}
}

void message(const char *tool, const char *format, ...)
{
	struct buffer line = {};
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buffer_printf(&line, "%s: ", tool);
	append_printable(&line, text);
	buffer_append(&line, "\n", 1);
	message_retry();
	if (messages.waiting.size + line.size <= MESSAGES_WAITING && !messages.dropped) {
		buffer_append(&messages.waiting, line.data, line.size);
	} else {
		messages.tool = tool;
		messages.dropped++;
	}
	buffer_free(&line);
	message_retry();
}

void message_lines(const char *text)
{
	buffer_append_string(&messages.waiting, text);
	write_waiting(messages.cancel_fd, CLOCK_NEVER);
}

void message_set_cancel_fd(int fd)
{
	messages.cancel_fd = fd;
}

bool message_retry(void)
{
	if (messages.waiting.size)
		write_waiting(-1, 0);
	return messages.waiting.size > 0;
}

void message_end(int cancel_fd, uint64_t deadline)
{
	if (messages.waiting.size)
		write_waiting(cancel_fd, deadline);
}
