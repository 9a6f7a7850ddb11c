/* SPDX-License-Identifier: GPL-2.0 */
/* Events of a write: filled in by write.bpf.h, joined by common/features/mirror.h. */
#ifndef SNOOPKIT_WRITTEN_H
#define SNOOPKIT_WRITTEN_H

#include "event.h"
#include "login.h"
#include "parameters.h"

enum {
	PARAM_WRITE_LIMIT = PARAM_TOOL, /* most bytes that are copied of a write */
	PARAM_WRITE_WRITER,		/* 1: fill in comm and login */
	PARAM_WRITE_TERMINAL,		/* 1: fill in terminal */
	PARAM_WRITE_TOOL,		/* the tool's own parameters start here */
};

/*
 * A value of a per-CPU map has at most 32 kB (the kernel's PCPU_MIN_UNIT_SIZE), a record of a perf
 * buffer 64 kB.
 */
#define WRITTEN_SIZE (32768 - 256)

#define WRITTEN_NO_FD (-1)

enum written_kind {
	WRITTEN_MORE, /* a piece, but not the last */
	WRITTEN_LAST, /* the last piece */
	WRITTEN_END,  /* not a piece: the watched process has ended */
};

/* The tty that a write went to, as it was then; all zero if it is no tty or was not asked for. */
struct written_terminal {
	__u32 output_flags; /* c_oflag of its termios, and WRITTEN_TERMINAL_KNOWN */
	__u16 columns;	    /* 0: unknown */
	__u16 rows;
};

#define WRITTEN_TERMINAL_KNOWN (1U << 31) /* no bit of c_oflag */

/* A piece of a write. The pieces of a write come in order, and the last one is marked. */
struct written_event {
	struct event_header header;
	__u64 total;   /* bytes that the kernel took from the caller */
	__u64 offset;  /* bytes in the earlier pieces */
	__u64 missing; /* in the last piece: bytes that no piece has */
	__u32 pid;
	__u32 tid;
	__s32 fd;
	__u32 kind;	   /* enum written_kind */
	__u32 size;	   /* bytes of data */
	__u32 is_doubtful; /* 1: the descriptor may have been another file */
	struct written_terminal terminal;
	struct login login; /* this and comm are unset without PARAM_WRITE_WRITER */
	char comm[16];
	char data[WRITTEN_SIZE]; /* only size bytes of it are sent */
};

#endif
