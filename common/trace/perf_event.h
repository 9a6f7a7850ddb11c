/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of probes that are perf events have in common (perf_event_open(2)). */
#ifndef SNOOPKIT_PERF_EVENT_H
#define SNOOPKIT_PERF_EVENT_H

#include <stdbool.h>

#include "base/error.h"
#include "trace/link.h"

struct perf_event_attr;

/* Whether this process may open perf events on a CPU: 0 or a negative errno. */
int perf_event_try(void);

/* Opens the perf event, lets it run the program and adds the link. 0 or a negative errno. */
int perf_event_attach(struct links *links, struct perf_event_attr *attributes, int program_fd);

/*
 * The type number of the perf PMU "kprobe" or "uprobe", for perf_event_attr.type, from sysfs
 * (kernels from 4.17 on; Documentation/ABI/testing/sysfs-bus-event_source-devices), or a negative
 * errno.
 */
int perf_event_pmu_type(const char *name);

/*
 * Whether the kernel has uprobes or kprobes, by the perf PMU or in the text interface. 0 or a
 * negative errno with a message.
 */
int perf_event_check_dynamic(struct links *links, bool is_uprobe, struct error *error);

/* What stands at the head of a definition in tracefs' text interface. */
struct text_event {
	bool is_uprobe;
	bool is_return;
	unsigned int
		max_active; /* of a kretprobe: tasks inside at a time; 0: the kernel's default */
};

/*
 * For kprobes and uprobes on kernels before 4.17, and for what the perf PMU can't be asked: makes
 * an event in tracefs' text interface (kprobe_events and uprobe_events;
 * Documentation/trace/kprobetrace.rst) and attaches to it. definition is the part after the head
 * ("do_init_module", "/bin/bash:0x1234"). The event's name holds the PID, so that what a killed
 * process left is recognised and removed. 0 or a negative errno, whose message may be left out.
 */
int text_event_attach(struct links *links, const struct text_event *head, const char *definition,
		      int program_fd, struct error *error);

#endif
