/* SPDX-License-Identifier: Apache-2.0 */
/* What a kind of probe has to know: one file each (probe_*.c), a table in probes.c. */
#ifndef SNOOPKIT_PROBE_KIND_H
#define SNOOPKIT_PROBE_KIND_H

#include "base/error.h"
#include "trace/link.h"
#include "trace/loader.h"
#include "trace/probe.h"

struct probe_kind_operations {
	const char *name; /* the field's word, for messages */
	enum bpf_prog_type program_type;
	/* Whether the kernel has such probes, asked before a program is loaded. May be NULL. */
	int (*check)(struct links *links, struct error *error);
	/* For programs that need more than their type to be loaded; else NULL. */
	int (*load)(const struct loader *loader, const struct probe *probe, struct error *error);
	/*
	 * Attaches the loaded program once, or once for each copy of the function, and adds the
	 * links. Returns 0 or a negative errno; the message may be left out where strerror() says
	 * it all.
	 */
	int (*attach)(struct links *links, const struct probe *probe, int program_fd,
		      struct error *error);
	/*
	 * In a trial, where to detach takes long: whether attach() would succeed, without
	 * attaching. NULL: attach() is called.
	 */
	int (*find)(struct links *links, const struct probe *probe, struct error *error);
};

extern const struct probe_kind_operations probe_kprobe, probe_kretprobe, probe_uprobe,
	probe_uretprobe, probe_tracepoint, probe_raw_tracepoint, probe_btf_raw_tracepoint;

#endif
