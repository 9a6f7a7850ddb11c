/* SPDX-License-Identifier: GPL-2.0 */
/* What an event says of a write. write.bpf.h fills it in, common/features/mirror.h puts the pieces
 * together. */
#ifndef SNOOPKIT_WRITTEN_H
#define SNOOPKIT_WRITTEN_H

#include "event.h"
#include "parameters.h"

enum {
	PARAM_WRITE_LIMIT = PARAM_TOOL, /* bytes of a write that are copied, at most */
	PARAM_WRITE_COMM,		/* 1: with the writer's name */
	PARAM_WRITE_TOOL,		/* the tool's own begin here */
};

/*
 * A value of a per-CPU map can have 32 kB (the kernel's PCPU_MIN_UNIT_SIZE), and an event of a perf
 * buffer 64 kB.
 */
#define WRITTEN_SIZE (32768 - 256)

#define WRITTEN_NO_FD (-1)

enum written_kind {
	WRITTEN_MORE, /* a piece, and there are others */
	WRITTEN_LAST, /* the last piece */
	WRITTEN_END,  /* no piece: the watched process has ended */
};

/* A piece of a write. The pieces of one follow each other in order, and the last one says so. */
struct written_event {
	struct event_header header;
	__u64 total;   /* bytes that the kernel took from the caller */
	__u64 offset;  /* bytes in the pieces before */
	__u64 missing; /* in the last piece: bytes that are in none */
	__u32 pid;
	__u32 tid;
	__s32 fd;
	__u32 kind;		 /* enum written_kind */
	__u32 size;		 /* bytes of data */
	char comm[16];		 /* with PARAM_WRITE_COMM */
	char data[WRITTEN_SIZE]; /* only size bytes are sent */
};

#endif
