/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of a probe kind. Each kind is in a file probe_*.c; probes.c has the table. */
#ifndef SNOOPKIT_PROBE_KIND_H
#define SNOOPKIT_PROBE_KIND_H

#include "base/error.h"
#include "trace/link.h"
#include "trace/loader.h"
#include "trace/probe.h"

struct probe_kind_operations {
	const char *name; /* in messages */
	uint32_t program_type;
	/* Before a program is loaded: 0 if the kernel has this kind. NULL: no check. */
	int (*check)(struct links *links, struct error *error);
	/* Loads a program that needs more than its type. NULL: loader_load() does. */
	int (*load)(const struct loader *loader, const struct probe *probe, struct error *error);
	/*
	 * Attaches the loaded program once, or once for each copy of the function, and adds the
	 * links. Returns 0 or a negative errno; without a message, strerror() is the message.
	 */
	int (*attach)(struct links *links, const struct probe *probe, int program_fd,
		      struct error *error);
	/*
	 * For trials, if detaching takes long: finds out without attaching whether attach() would
	 * succeed. NULL: a trial calls attach().
	 */
	int (*find)(struct links *links, const struct probe *probe, struct error *error);
};

extern const struct probe_kind_operations probe_kprobe, probe_kretprobe, probe_uprobe,
	probe_uretprobe, probe_tracepoint, probe_raw_tracepoint, probe_btf_raw_tracepoint;

#endif
