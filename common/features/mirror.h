/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mirroring: the bytes that a program in bpfsrc/write.bpf.h copied, as they are to standard output,
 * or as a script that writes them again, or as JSON; and into a recording.
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

/* Pages of a perf buffer: also on many CPUs a write of 1 MB goes in at once. */
#define MIRROR_BUFFER_PAGES 512

#define MIRROR_OPTIONS(mirror)                                                               \
	OPTION_FLAG("noclear", 'C', &(mirror)->keep_screen, "Don't clear the screen first"), \
		OPTION_FLAG("safe", 0, &(mirror)->safe,                                      \
			    "Pass on text, line ends, colours, cursor movements only"),      \
		OPTION_TEXT("asciicast", 0, "FILE", &(mirror)->asciicast,                    \
			    "Record in FILE too, for asciinema (asciicast v2)")

/* The write family, by the programs in bpfsrc/write_syscalls.bpf.h. */
#define MIRROR_WRITE_TRACEPOINTS                                                    \
	SYSCALL_TRACEPOINTS("write", "on_enter_write", "on_exit_write"),            \
		SYSCALL_TRACEPOINTS("writev", "on_enter_writev", "on_exit_write"),  \
		SYSCALL_TRACEPOINTS("pwrite64", "on_enter_write", "on_exit_write",  \
				    .optional = true),                              \
		SYSCALL_TRACEPOINTS("pwritev", "on_enter_writev", "on_exit_write",  \
				    .optional = true),                              \
		SYSCALL_TRACEPOINTS("pwritev2", "on_enter_writev", "on_exit_write", \
				    .optional = true)

/* What copies the pieces that one program can't. */
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

#define MIRROR_MISSES "writes by sendfile and splice"

struct mirror_part; /* of a write whose last piece has not come yet */

/* All zero before the options are parsed; the rest is mirror.c's. */
struct mirror {
	bool keep_screen;
	bool replay;
	bool safe;
	const char *asciicast; /* FILE, or NULL */

	struct recording recording;

	struct safe_text safe_text;
	struct buffer harmless; /* what --safe passes on of a write */

	uint64_t
		replayed; /* how far the script has got: the first write's time, then pauses (ns) */

	struct mirror_part *parts;

	uint64_t cut;	    /* writes of which bytes are missing, not yet said */
	uint64_t cut_bytes; /* of these */
	uint64_t cut_said;  /* when it was last said, by CLOCK_MONOTONIC (ns) */
};

/*
 * Opens the recording; tty is the terminal whose size it gets, or -1. In prepare(). Returns 0 or a
 * negative errno with a line.
 */
int mirror_open(struct mirror *mirror, int tty, struct error *error);

/* How the program copies writes: of each limit bytes at most. In prepare(). */
void mirror_set_parameters(struct mirror *mirror, struct session *session, uint64_t limit);

/* Guards the terminal and clears the screen, or begins the script. In attached(). */
void mirror_begin(struct mirror *mirror, struct session *session);

/* An event of the program's, other than WRITTEN_END. time in nanoseconds of CLOCK_MONOTONIC. */
void mirror_event(struct mirror *mirror, struct session *session, uint64_t time,
		  const struct written_event *event);

/*
 * Says what was cut since it was last said, at most once a second. It is said with the next write
 * too: this is for when none comes. Also keeps the terminal guarded. In report().
 */
void mirror_tick(struct mirror *mirror, struct session *session);

/* Writes what is left, resets the terminal, closes the recording. In finish(). */
void mirror_end(struct mirror *mirror, struct session *session);

/* The tool's row and line: their event is made by mirror_event(). */
void mirror_row(struct row *row, const void *event);
void mirror_line(struct output *output, uint64_t time, const void *event);

#endif
