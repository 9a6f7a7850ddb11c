/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mirroring: prints the writes that the programs in bpfsrc/write.bpf.h copied, as plain bytes, as a
 * script that writes them again, or as JSON, and records them as an asciicast.
 */
#ifndef SNOOPKIT_MIRROR_H
#define SNOOPKIT_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "features/recording.h"
#include "features/safe_text.h"
#include "tool/tool.h"
#include "written.h"

/* Pages of a perf buffer, on any number of CPUs: a write of 1 MB fits. */
#define MIRROR_BUFFER_PAGES 512

#define MIRROR_OPTIONS(mirror)                                                               \
	OPTION_FLAG("noclear", 'C', &(mirror)->keep_screen, "Don't clear the screen first"), \
		OPTION_FLAG("safe", 0, &(mirror)->safe,                                      \
			    "Pass on text, line ends, colours, cursor movements only"),      \
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

/*
 * Writes that are no 64-bit syscalls: bpfsrc/any_exit.bpf.h and io_uring_write.bpf.h. A kernel
 * has one or the other name of the tracepoint at the submission.
 */
#define MIRROR_MISSES_IO_URING "writes through io_uring"
#define MIRROR_MISSES_COMPAT   "writes of 32-bit programs"

#define MIRROR_MORE_RAW TAIL_CALL("more_raw", "on_more_raw", PROBE_RAW_TRACEPOINT, .optional = true)

#define MIRROR_IO_URING                                                               \
	RAW_TRACEPOINT("io_uring_complete", "on_io_complete", .optional = true,       \
		       .misses = MIRROR_MISSES_IO_URING),                             \
		RAW_TRACEPOINT("io_uring_submit_req", "on_io_submit"),                \
		RAW_TRACEPOINT("io_uring_submit_sqe", "on_io_submit",                 \
			       .instead_of = "io_uring_submit_req", .optional = true, \
			       .misses = MIRROR_MISSES_IO_URING)

/* All writes by syscalls, with what BTF allows; stands first in its set. */
#define MIRROR_ANY_EXIT                                                                       \
	BTF_RAW_TRACEPOINT("sys_exit", "on_any_exit"), MIRROR_MORE(PROBE_BTF_RAW_TRACEPOINT), \
		TAIL_CALL("more_compat", "on_more_compat", PROBE_BTF_RAW_TRACEPOINT)

/* Those of 32-bit programs, beside MIRROR_WRITE_TRACEPOINTS. */
#define MIRROR_COMPAT                                                  \
	RAW_TRACEPOINT("sys_exit", "on_compat_exit", .optional = true, \
		       .misses = MIRROR_MISSES_COMPAT),                \
		TAIL_CALL("more_compat", "on_more_compat", PROBE_RAW_TRACEPOINT, .optional = true)

/* For MIRROR_ANY_EXIT: the tool's btf_tracepoint. */
#define MIRROR_BTF_TRACEPOINT "sys_exit"

#define MIRROR_MISSES                                                               \
	"writes by sendfile, splice and io_submit, requests of io_uring without a " \
	"completion that are gathered or to a registered file"

struct mirror_part; /* a write whose last piece has not come yet */

/* Zeroed before the options are parsed. Tools may set replay; the rest is for mirror.c only. */
struct mirror {
	bool keep_screen;
	bool replay;
	bool safe;
	const char *asciicast; /* FILE, or NULL */

	struct recording recording;

	struct safe_text safe_text;
	struct buffer harmless; /* what --safe passes on of a write */

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

/* How the program copies writes: of each limit bytes at most. In prepare(). */
void mirror_set_parameters(struct mirror *mirror, struct session *session, uint64_t limit);

/* Guards the terminal and clears the screen, or begins the script. In attached(). */
void mirror_begin(struct mirror *mirror, struct session *session);

/* Takes an event other than WRITTEN_END. time is in nanoseconds of CLOCK_MONOTONIC. */
void mirror_event(struct mirror *mirror, struct session *session, uint64_t time,
		  const struct written_event *event);

/*
 * Says what was cut since it was last said, at most once a second. It is said with the next write
 * too: this is for when none comes. Also keeps the terminal guarded, and shows writes whose last
 * piece was lost. In report().
 */
void mirror_tick(struct mirror *mirror, struct session *session);

/* Writes what is left, resets the terminal, closes the recording. In finish(). */
void mirror_end(struct mirror *mirror, struct session *session);

/* The tool's bound(). */
void mirror_bound(void *event, size_t size);

/* The tool's fields. */
extern const struct field mirror_fields[];

/* The tool's row and line. Their event comes from mirror_event(). */
void mirror_row(struct row *row, const void *event);
void mirror_line(struct output *output, uint64_t time, const void *event);

#endif
