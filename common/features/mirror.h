/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mirroring: prints the writes that the programs in bpfsrc/write.bpf.h copied, as plain bytes, as a
 * script that writes them again, or as JSON, and records them as an asciicast.
 */
#ifndef SNOOPKIT_MIRROR_H
#define SNOOPKIT_MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "tool/tool.h"
#include "written.h"

/* Pages of a perf buffer, on any number of CPUs: a write of 1 MB fits. */
#define MIRROR_BUFFER_PAGES 512

#define MIRROR_OPTIONS(mirror)                                                               \
	OPTION_FLAG("noclear", 'C', &(mirror)->keep_screen, "Don't clear the screen first"), \
		OPTION_TEXT("asciicast", 0, "FILE", &(mirror)->asciicast,                    \
			    "Record in FILE too, for asciinema (asciicast v2)")

/* write(2) and its relatives, with the programs in bpfsrc/write_syscalls.bpf.h. */
#define MIRROR_WRITE_TRACEPOINTS                                                    \
	SYSCALL_TRACEPOINTS("write", "on_enter_write", "on_exit_write"),            \
		SYSCALL_TRACEPOINTS("writev", "on_enter_writev", "on_exit_write"),  \
		SYSCALL_TRACEPOINTS("pwrite64", "on_enter_write", "on_exit_write",  \
				    .optional = true),                              \
		SYSCALL_TRACEPOINTS("pwritev", "on_enter_writev", "on_exit_write",  \
				    .optional = true),                              \
		SYSCALL_TRACEPOINTS("pwritev2", "on_enter_writev", "on_exit_write", \
				    .optional = true)

/* The tail call that copies the pieces that are too many for one program. */
#define MIRROR_MORE(caller) TAIL_CALL("more", "on_more", caller)

#define MIRROR_MISSES "writes of 32-bit programs, by io_uring, sendfile and splice"

struct mirror_part; /* a write whose last piece has not come yet */

/* Zeroed before the options are parsed. Tools may set replay; the rest is for mirror.c only. */
struct mirror {
	bool keep_screen;
	bool replay;
	const char *asciicast; /* FILE, or NULL */

	FILE *recording;
	bool recording_failed;
	uint64_t recording_flushed; /* time of the last fflush(), ns of CLOCK_MONOTONIC */
	struct buffer torn;	    /* the start of a character whose rest has not come yet */

	/* The time that the script has reached: of the first write, plus all pauses (ns). */
	uint64_t replayed;

	struct mirror_part *parts;

	/* Not reported yet: how many writes were cut, and how many bytes of them are missing. */
	uint64_t cut;
	uint64_t cut_bytes;
	uint64_t cut_said; /* time of the last report, ns of CLOCK_MONOTONIC */
};

/*
 * In prepare(): opens the recording, if there is to be one. It gets the size of the terminal tty,
 * or a default if tty is -1. Returns 0 or a negative errno with a message.
 */
int mirror_open(struct mirror *mirror, int tty, struct error *error);

/* In prepare(): the program copies at most limit bytes of each write. */
void mirror_set_parameters(struct session *session, uint64_t limit);

/* In attached(): clears the screen, or begins the script. */
void mirror_begin(struct mirror *mirror, struct session *session);

/* Takes an event other than WRITTEN_END. time is in nanoseconds of CLOCK_MONOTONIC. */
void mirror_event(struct mirror *mirror, struct session *session, uint64_t time,
		  const struct written_event *event);

/*
 * Reports the writes that were cut since the last report, at most once a second. mirror_event()
 * reports them too: this is for the time when no event comes.
 */
void mirror_say_cut(struct mirror *mirror, struct session *session);

/* In finish(): shows incomplete writes, reports cut ones and closes the recording. */
void mirror_end(struct mirror *mirror, struct session *session);

/* The tool's bound(). */
void mirror_bound(void *event, size_t size);

/* The tool's row and line: their event is made by mirror_event(). */
void mirror_row(struct row *row, const void *event);
void mirror_line(struct output *output, uint64_t time, const void *event);

#endif
