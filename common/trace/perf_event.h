/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the probe kinds that are perf events: perf_event_open(2). */
#ifndef SNOOPKIT_PERF_EVENT_H
#define SNOOPKIT_PERF_EVENT_H

#include <stdbool.h>

#include "base/error.h"
#include "trace/link.h"

struct perf_event_attr;

/* Returns 0 if this process may open perf events on a CPU, or a negative errno. */
int perf_event_try(void);

/* Opens the perf event, attaches the program and adds the link. Returns 0 or a negative errno. */
int perf_event_attach(struct links *links, struct perf_event_attr *attributes, int program_fd);

/*
 * Returns the type number of the perf PMU "kprobe" or "uprobe", for perf_event_attr.type, or a
 * negative errno. It is in sysfs since 4.17
 * (Documentation/ABI/testing/sysfs-bus-event_source-devices).
 */
int perf_event_pmu_type(const char *name);

/*
 * Returns 0 if the kernel has uprobes or kprobes, as a perf PMU or in tracefs' text interface, or a
 * negative errno with a message.
 */
int perf_event_check_dynamic(struct links *links, bool is_uprobe, struct error *error);

/* The head of a definition in tracefs' text interface. */
struct text_event {
	bool is_uprobe;
	bool is_return;
	unsigned int max_active; /* kretprobe: calls in flight that are seen; 0: kernel's default */
};

/*
 * For kprobes and uprobes on kernels before 4.17, and for what the perf PMU does not offer: defines
 * an event in tracefs' text interface (kprobe_events and uprobe_events;
 * Documentation/trace/kprobetrace.rst) and attaches to it. definition is the part after the head
 * ("do_init_module", "/bin/bash:0x1234"). The event's name contains the PID and its namespace, so
 * that the events of a killed process can be recognised and removed. Returns 0 or a negative errno,
 * with or without a message.
 */
int text_event_attach(struct links *links, const struct text_event *head, const char *definition,
		      int program_fd, struct error *error);

#endif
