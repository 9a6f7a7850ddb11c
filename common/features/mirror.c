// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "features/mirror.h"
#include "trace/events.h"

#define CENTISECOND (SECOND / 100)

#define CLEAR_SCREEN "\033[H\033[2J\033[3J"
#define SCRIPT_LINE  1024 /* bytes of a write in one line of the script */
#define CUT_INTERVAL SECOND
#define FLUSH_AFTER  (SECOND / 10)

/* The asciicast's size if the terminal's is unknown. */
#define DEFAULT_WIDTH  80
#define DEFAULT_HEIGHT 24

/* A write, joined from its pieces. */
struct mirrored {
	struct mirror *mirror;
	const struct written_event *event; /* the last piece that came */
	const char *data;		   /* of all pieces */
	size_t size;
};

struct mirror_part {
	struct mirror_part *next;
	struct buffer data;
	struct written_event head; /* of the last piece that came, without its data */
};

/* ---- the recording: https://docs.asciinema.org/manual/asciicast/v2/ ---- */

int mirror_open(struct mirror *mirror, int tty, struct error *error)
{
	struct winsize size = {};
	int fd;

	if (!mirror->asciicast)
		return 0;
	fd = open(mirror->asciicast, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	mirror->recording = fd < 0 ? NULL : fdopen(fd, "w");
	if (!mirror->recording)
		return error_set(error, errno, "can't write %s: %s", mirror->asciicast,
				 strerror(errno));
	if (tty < 0 || ioctl(tty, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		size = (struct winsize){ .ws_col = DEFAULT_WIDTH, .ws_row = DEFAULT_HEIGHT };
	fprintf(mirror->recording,
		"{\"version\": 2, \"width\": %u, \"height\": %u, "
		"\"timestamp\": %lld}\n",
		size.ws_col, size.ws_row, (long long)time(NULL));
	return 0;
}

static void record_text(struct mirror *mirror, double seconds, const char *text, size_t size)
{
	json_t *hex, *string = row_json_text(text, size, &hex);

	fprintf(mirror->recording, "[%.6f, \"o\", ", seconds);
	json_dumpf(string, mirror->recording, JSON_ENCODE_ANY);
	fputs("]\n", mirror->recording);
	json_decref(string);
	json_decref(hex);
}

/* How many bytes at the end may be the start of a UTF-8 character that the next write continues. */
static size_t torn_size(const char *text, size_t size)
{
	size_t length, i;

	for (i = 1; i <= 3 && i <= size; i++) {
		unsigned char byte = (unsigned char)text[size - i];

		if ((byte & 0xc0) == 0x80)
			continue;
		length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
		return byte >= 0xc2 && byte <= 0xf4 && length > i ? i : 0;
	}
	return 0;
}

static void record(struct mirror *mirror, uint64_t time, uint64_t start, const char *text,
		   size_t size)
{
	double seconds = time > start ? (double)(time - start) / 1e9 : 0;
	struct buffer *torn = &mirror->torn;
	size_t rest, whole;

	if (torn->size) {
		buffer_append(torn, text, size);
		text = torn->data;
		size = torn->size;
	}
	rest = torn_size(text, size);
	whole = size - rest;
	if (whole)
		record_text(mirror, seconds, text, whole);
	if (torn->size) {
		memmove(torn->data, torn->data + whole, rest);
		torn->size = rest;
	} else {
		buffer_append(torn, text + whole, rest);
	}
	if (time - mirror->recording_flushed > FLUSH_AFTER) {
		fflush(mirror->recording);
		mirror->recording_flushed = time;
	}
}

static void check_recording(struct mirror *mirror, struct session *session)
{
	if (mirror->recording_failed || !ferror(mirror->recording))
		return;
	session_message(session, "can't write %s: the recording ends here", mirror->asciicast);
	mirror->recording_failed = true;
}

static void close_recording(struct mirror *mirror, struct session *session, uint64_t time)
{
	if (!mirror->recording)
		return;
	if (mirror->torn.size && !mirror->recording_failed)
		record_text(mirror, (double)(time - session_start_time(session)) / 1e9,
			    mirror->torn.data, mirror->torn.size);
	fflush(mirror->recording);
	check_recording(mirror, session);
	fclose(mirror->recording);
	mirror->recording = NULL;
}

/* ---- the script ---- */

/*
 * Appends a byte for bash's echo -e in single quotes. \0 always has three digits, because the next
 * byte may be a digit. Bytes that are not ASCII are octal too, so that the script works in any
 * locale.
 */
static void append_script_byte(struct buffer *out, unsigned char byte)
{
	static const char letters[256] = {
		['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['\033'] = 'e', ['\\'] = '\\'
	};
	char text[6] = { (char)byte };

	if (letters[byte])
		snprintf(text, sizeof(text), "\\%c", letters[byte]);
	else if (byte < ' ' || byte > '~' || byte == '\'')
		snprintf(text, sizeof(text), "\\0%03o", byte);
	buffer_append_string(out, text);
}

/* Rounds the pause to centiseconds. The rest goes to the next pause: errors do not add up. */
static void append_pause(struct mirror *mirror, struct buffer *out, uint64_t time)
{
	uint64_t pause;

	if (!mirror->replayed)
		mirror->replayed = time;
	if (time < mirror->replayed)
		return;
	pause = (time - mirror->replayed + CENTISECOND / 2) / CENTISECOND;
	if (!pause)
		return;
	buffer_printf(out, "sleep %" PRIu64 ".%02" PRIu64 "\n", pause / 100, pause % 100);
	mirror->replayed += pause * CENTISECOND;
}

static void append_script(struct mirror *mirror, struct buffer *out, uint64_t time,
			  const char *text, size_t size)
{
	size_t i;

	append_pause(mirror, out, time);
	for (i = 0; i < size; i++) {
		if (i % SCRIPT_LINE == 0)
			buffer_append_string(out, i ? "\\c'\necho -e '" : "echo -e '");
		append_script_byte(out, (unsigned char)text[i]);
	}
	buffer_append_string(out, size ? "\\c'\n" : "");
}

/* ---- a write ---- */

void mirror_line(struct output *output, uint64_t time, const void *event)
{
	const struct mirrored *write = event;

	if (write->mirror->replay)
		append_script(write->mirror, &output->pending, time, write->data, write->size);
	else
		buffer_append(&output->pending, write->data, write->size);
}

void mirror_row(struct row *row, const void *event)
{
	const struct mirrored *write = event;
	const struct written_event *head = write->event;
	json_t *hex;

	row_uint(row, NULL, "pid", 0, head->pid);
	row_uint(row, NULL, "tid", 0, head->tid);
	row_text(row, NULL, "comm", 0, head->comm, sizeof(head->comm));
	if (head->fd != WRITTEN_NO_FD)
		row_int(row, NULL, "fd", 0, head->fd);
	row_uint(row, NULL, "size", 0, head->total);
	row_json(row, "data", row_json_text(write->data, write->size, &hex));
	if (hex)
		row_json(row, "data_hex", hex);
	row_json(row, "data_truncated", json_boolean(write->size < head->total));
}

static void say_cut(struct mirror *mirror, struct session *session, uint64_t time)
{
	if (!mirror->cut)
		return;
	session_message(session, "%" PRIu64 " write%s cut: %" PRIu64 " byte%s not shown",
			mirror->cut, mirror->cut == 1 ? "" : "s", mirror->cut_bytes,
			mirror->cut_bytes == 1 ? "" : "s");
	mirror->cut = mirror->cut_bytes = 0;
	mirror->cut_said = time;
}

static void mirror_write(struct mirror *mirror, struct session *session, uint64_t time,
			 const struct written_event *event, const char *data, size_t size)
{
	const struct mirrored write = { mirror, event, data, size };

	session_print_row(session, time, &write);
	if (mirror->recording && !mirror->recording_failed) {
		record(mirror, time, session_start_time(session), data, size);
		check_recording(mirror, session);
	}
	if (event->missing) {
		mirror->cut++;
		mirror->cut_bytes += event->missing;
	}
	if (time > mirror->cut_said && time - mirror->cut_said > CUT_INTERVAL)
		say_cut(mirror, session, time);
}

/* ---- pieces ---- */

static struct mirror_part **find_part(struct mirror *mirror, uint32_t tid)
{
	struct mirror_part **part = &mirror->parts;

	while (*part && (*part)->head.tid != tid)
		part = &(*part)->next;
	return part;
}

/* Shows a write, whole or with the pieces that came before one was lost, and forgets it. */
static void end_part(struct mirror *mirror, struct session *session, uint64_t time,
		     struct mirror_part **place)
{
	struct mirror_part *part = *place;

	mirror_write(mirror, session, time, &part->head, part->data.data, part->data.size);
	*place = part->next;
	buffer_free(&part->data);
	free(part);
}

static void keep_piece(struct mirror_part **place, const struct written_event *event)
{
	if (!*place)
		*place = calloc(1, sizeof(**place));
	if (!*place)
		return;
	memcpy(&(*place)->head, event, offsetof(struct written_event, data));
	buffer_append(&(*place)->data, event->data, event->size);
}

void mirror_event(struct mirror *mirror, struct session *session, uint64_t time,
		  const struct written_event *event)
{
	struct mirror_part **place = find_part(mirror, event->tid);

	/* The last piece of this thread's previous write was lost. The perf buffer counts that. */
	if (*place && !event->offset)
		end_part(mirror, session, time, place);
	if (!*place && event->kind == WRITTEN_LAST) {
		mirror_write(mirror, session, time, event, event->data, event->size);
		return;
	}
	keep_piece(place, event);
	if (*place && event->kind == WRITTEN_LAST)
		end_part(mirror, session, time, place);
}

void mirror_bound(void *data, size_t size)
{
	struct written_event *event = data;

	event->size =
		event_bound(size, offsetof(struct written_event, data), WRITTEN_SIZE, event->size);
}

void mirror_say_cut(struct mirror *mirror, struct session *session)
{
	uint64_t now = clock_now();

	if (now - mirror->cut_said > CUT_INTERVAL)
		say_cut(mirror, session, now);
}

void mirror_set_parameters(struct session *session, uint64_t limit)
{
	session_set_parameter(session, PARAM_WRITE_LIMIT, limit);
	session_set_parameter(session, PARAM_WRITE_COMM, session_is_json(session));
}

void mirror_begin(struct mirror *mirror, struct session *session)
{
	struct output *output = session_output(session);

	if (output->json)
		return;
	if (mirror->replay)
		buffer_append_string(&output->pending, "#!/bin/bash\n");
	else if (!mirror->keep_screen && isatty(output->sink.fd))
		buffer_append_string(&output->pending, CLEAR_SCREEN);
}

void mirror_end(struct mirror *mirror, struct session *session)
{
	uint64_t now = clock_now();

	while (mirror->parts)
		end_part(mirror, session, now, &mirror->parts);
	say_cut(mirror, session, now);
	close_recording(mirror, session, now);
	buffer_free(&mirror->torn);
}
