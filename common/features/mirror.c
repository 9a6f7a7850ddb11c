// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "features/login_text.h"
#include "features/mirror.h"
#include "features/terminal.h"
#include "trace/events.h"

#define CENTISECOND (SECOND / 100)

#define CLEAR_SCREEN "\033[H\033[2J\033[3J"
#define SCRIPT_LINE  1024 /* bytes of a write in one line of the script */
#define CUT_INTERVAL SECOND

/* A write, joined from its pieces. */
struct mirrored {
	struct mirror *mirror;
	const struct written_event *event; /* the last piece that came */
	const char *data;		   /* of all pieces */
	size_t size;
	const char *shown; /* data, with --safe what of it is harmless */
	size_t shown_size;
};

struct mirror_part {
	struct mirror_part *next;
	struct buffer data;
	struct written_event head; /* of the last piece that came, without its data */
	uint64_t time;		   /* of the same, in ns of CLOCK_MONOTONIC */
};

/* All pieces of a write are sent within moments: a part that waits longer misses its last one. */
#define PART_LIFE (2 * SECOND)

int mirror_open(struct mirror *mirror, int tty, struct error *error)
{
	struct written_terminal terminal = recording_terminal(tty);

	if (!mirror->asciicast)
		return 0;
	return recording_open(&mirror->recording, mirror->asciicast, &terminal, error);
}

static void say_recording_failed(struct mirror *mirror, struct session *session)
{
	session_message(session, "can't write %s: the recording ends here", mirror->asciicast);
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
		append_script(write->mirror, &output->pending, time, write->shown,
			      write->shown_size);
	else
		buffer_append(&output->pending, write->shown, write->shown_size);
}

const struct field mirror_fields[] = {
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("tid", NUMBER, "thread ID"),
	FIELD_ROW("comm", TEXT, "name of the thread"),
	LOGIN_FIELDS,
	FIELD_ROW("fd", NUMBER, "the descriptor, if it is known", .is_optional = true),
	FIELD_ROW("size", NUMBER, "bytes that the kernel took"),
	FIELD_ROW("data", TEXT, "what was written", .width = -40),
	FIELD_ROW("data_truncated", TRUTH, "whether data has fewer bytes than size"),
	FIELD_ROW("doubtful", TRUTH,
		  "whether the write may have gone elsewhere, or not have happened"),
	{},
};

void mirror_row(struct row *row, const void *event)
{
	const struct mirrored *write = event;
	const struct written_event *head = write->event;
	json_t *hex;

	row_uint(row, NULL, "pid", 0, head->pid);
	row_uint(row, NULL, "tid", 0, head->tid);
	row_text(row, NULL, "comm", 0, head->comm, sizeof(head->comm));
	row_login(row, &head->login);
	if (head->fd != WRITTEN_NO_FD)
		row_int(row, NULL, "fd", 0, head->fd);
	row_uint(row, NULL, "size", 0, head->total);
	row_json(row, "data", row_json_text(write->data, write->size, &hex));
	if (hex)
		row_json(row, "data_hex", hex);
	row_json(row, "data_truncated", json_boolean(write->size < head->total));
	row_json(row, "doubtful", json_boolean(head->is_doubtful));
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

static void choose_shown(struct mirror *mirror, struct mirrored *write)
{
	write->shown = write->data;
	write->shown_size = write->size;
	if (!mirror->safe)
		return;
	buffer_reset(&mirror->harmless);
	safe_text_append(&mirror->safe_text, &mirror->harmless, write->data, write->size);
	write->shown = mirror->harmless.data;
	write->shown_size = mirror->harmless.size;
}

static void mirror_write(struct mirror *mirror, struct session *session, uint64_t time,
			 const struct written_event *event, const char *data, size_t size)
{
	struct mirrored write = { mirror, event, data, size, NULL, 0 };

	if (!session_wants(session, time, &write))
		return;
	choose_shown(mirror, &write);
	session_print_row(session, time, &write);
	if (mirror->recording.file && !recording_add(&mirror->recording, time, &event->terminal,
						     write.shown, write.shown_size))
		say_recording_failed(mirror, session);
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

/* The same for a write whose last piece was lost. The perf buffer counts that. */
static void end_incomplete_part(struct mirror *mirror, struct session *session, uint64_t time,
				struct mirror_part **place)
{
	session_hide_added(session, true);
	end_part(mirror, session, time, place);
	session_hide_added(session, false);
}

/* Threads that write once and end would otherwise leave parts without end. */
static void end_old_parts(struct mirror *mirror, struct session *session, uint64_t now)
{
	struct mirror_part **place = &mirror->parts;

	while (*place) {
		if (now > (*place)->time && now - (*place)->time > PART_LIFE)
			end_incomplete_part(mirror, session, (*place)->time, place);
		else
			place = &(*place)->next;
	}
}

static void keep_piece(struct mirror_part **place, uint64_t time, const struct written_event *event)
{
	if (!*place)
		*place = calloc(1, sizeof(**place));
	if (!*place)
		return;
	memcpy(&(*place)->head, event, offsetof(struct written_event, data));
	(*place)->time = time;
	buffer_append(&(*place)->data, event->data, event->size);
}

void mirror_event(struct mirror *mirror, struct session *session, uint64_t time,
		  const struct written_event *event)
{
	struct mirror_part **place = find_part(mirror, event->tid);

	if (*place && !event->offset)
		end_incomplete_part(mirror, session, time, place);
	if (!*place && event->kind == WRITTEN_LAST) {
		mirror_write(mirror, session, time, event, event->data, event->size);
		return;
	}
	keep_piece(place, time, event);
	if (*place && event->kind == WRITTEN_LAST)
		end_part(mirror, session, time, place);
}

void mirror_bound(void *data, size_t size)
{
	struct written_event *event = data;

	event->size =
		event_bound(size, offsetof(struct written_event, data), WRITTEN_SIZE, event->size);
}

void mirror_tick(struct mirror *mirror, struct session *session)
{
	uint64_t now = clock_now();

	terminal_discard();
	end_old_parts(mirror, session, now);
	if (now - mirror->cut_said > CUT_INTERVAL)
		say_cut(mirror, session, now);
}

void mirror_set_parameters(struct mirror *mirror, struct session *session, uint64_t limit)
{
	session_set_parameter(session, PARAM_WRITE_LIMIT, limit);
	session_set_parameter(session, PARAM_WRITE_WRITER, session_needs_fields(session));
	session_set_parameter(session, PARAM_WRITE_TERMINAL, mirror->asciicast != NULL);
}

static void discard_input(struct session *session, int fd)
{
	(void)session;
	(void)fd;
	terminal_discard();
}

static void guard_terminal(struct session *session)
{
	int fd = terminal_guard(session_output(session)->sink.fd);

	if (fd >= 0)
		session_watch_fd(session, fd, discard_input);
}

void mirror_begin(struct mirror *mirror, struct session *session)
{
	struct output *output = session_output(session);

	recording_begin(&mirror->recording, session_start_time(session));
	if (session_shows_fields(session))
		return;
	if (mirror->replay) {
		buffer_append_string(&output->pending, "#!/bin/bash\n");
		return;
	}
	guard_terminal(session);
	if (!mirror->keep_screen && isatty(output->sink.fd))
		buffer_append_string(&output->pending, CLEAR_SCREEN);
}

/* What --safe holds back at the end. */
static void show_held(struct mirror *mirror, struct session *session)
{
	struct output *output = session_output(session);

	if (!mirror->safe || session_shows_fields(session) || mirror->replay)
		return;
	safe_text_end(&mirror->safe_text, &output->pending);
}

void mirror_end(struct mirror *mirror, struct session *session)
{
	uint64_t now = clock_now();

	while (mirror->parts)
		end_part(mirror, session, now, &mirror->parts);
	show_held(mirror, session);
	output_flush(session_output(session));
	terminal_restore();
	say_cut(mirror, session, now);
	if (!recording_close(&mirror->recording, now))
		say_recording_failed(mirror, session);
	buffer_free(&mirror->harmless);
}
