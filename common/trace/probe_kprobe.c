// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "trace/perf_event.h"
#include "trace/probe_kind.h"

#define MAX_COPIES 8

/*
 * A kretprobe sees at most this many calls in flight and misses the returns of others. The kernel's
 * default can be as low as one for each CPU, or 10: then so few writers to stopped terminals,
 * openers of FIFOs, or programs on a file system that does not answer would hide all other calls.
 * Only the text interface takes another number, at most 4096: KRETPROBE_MAXACTIVE_MAX in
 * kernel/trace/trace_kprobe.c.
 */
#define MAX_ACTIVE 4096

/* If name is NULL, address counts. The PMU's config1 is the name, config2 the address or offset. */
static int attach_by_pmu(struct links *links, int type, bool is_return, const char *name,
			 uint64_t address, int program_fd)
{
	struct perf_event_attr attributes = { .type = (uint32_t)type, .config = is_return };

	attributes.config1 = (uintptr_t)name;
	attributes.config2 = address;
	return perf_event_attach(links, &attributes, program_fd);
}

/*
 * Before 5.2 the kernel puts a line into its log for each function that is not there. Since then
 * tracefs has a file for such errors.
 */
static bool is_known_missing(struct links *links, const char *name)
{
	const char *symbols;

	if (tracefs_has(links->tracefs, "error_log"))
		return false;
	symbols = links_symbols(links);
	return symbols && ksyms_find_in(symbols, name, NULL, 0) == -ENOENT;
}

static int attach_by_text(struct links *links, const struct text_event *head, const char *name,
			  uint64_t address, int program_fd, struct error *error)
{
	char definition[32];

	if (links_tracefs(links, error) < 0)
		return links->tracefs;
	if (name && is_known_missing(links, name))
		return -ENOENT;
	snprintf(definition, sizeof(definition), "0x%" PRIx64, address);
	return text_event_attach(links, head, name ? name : definition, program_fd, error);
}

static int attach_at(struct links *links, const struct probe *probe, const char *name,
		     uint64_t address, int program_fd, struct error *error)
{
	const struct text_event head = {
		.is_return = probe->kind == PROBE_KRETPROBE,
		.max_active = probe->kind == PROBE_KRETPROBE ? MAX_ACTIVE : 0,
	};
	int type = perf_event_pmu_type("kprobe");
	struct error ignored = {};
	int err = -ENOTSUP;

	if (type < 0)
		return attach_by_text(links, &head, name, address, program_fd, error);
	if (head.max_active && !links->is_trial)
		err = attach_by_text(links, &head, name, address, program_fd, &ignored);
	error_clear(&ignored);
	if (!err)
		return 0;
	return attach_by_pmu(links, type, head.is_return, name, address, program_fd);
}

static int attach_copies(struct links *links, const struct probe *probe, int program_fd,
			 struct error *error)
{
	uint64_t addresses[MAX_COPIES];
	int count = ksyms_find(probe->target, addresses, MAX_COPIES), i, err = 0;

	if (count == -EPERM)
		return error_set(error, EPERM,
				 "/proc/kallsyms hides the addresses of functions: "
				 "sysctl kernel.kptr_restrict=0");
	if (count < 0)
		return count;
	for (i = 0; !err && i < count && i < MAX_COPIES; i++)
		err = attach_at(links, probe, NULL, addresses[i], program_fd, error);
	return err;
}

static int explain(int err, struct error *error)
{
	switch (err) {
	case -ENOENT:
		return error_set(error, ENOENT, "this kernel has no such function");
	case -EPERM:
	case -EACCES:
		return error_set(error, -err,
				 "not permitted: run as root, on a kernel that is not locked down");
	default:
		return err;
	}
}

static int attach(struct links *links, const struct probe *probe, int program_fd,
		  struct error *error)
{
	int err;

	if (probe->every_copy) {
		err = attach_copies(links, probe, program_fd, error);
	} else {
		err = attach_at(links, probe, probe->target, 0, program_fd, error);
		/* Some kernels refuse an ambiguous name, with one of these two errors. */
		if (err == -EADDRNOTAVAIL || err == -EINVAL)
			err = attach_copies(links, probe, program_fd, error);
	}
	return error->text[0] ? err : explain(err, error);
}

static int check(struct links *links, struct error *error)
{
	return perf_event_check_dynamic(links, false, error);
}

const struct probe_kind_operations probe_kprobe = {
	.name = "kprobe",
	.program_type = BPF_PROG_TYPE_KPROBE,
	.check = check,
	.attach = attach,
};

const struct probe_kind_operations probe_kretprobe = {
	.name = "kretprobe",
	.program_type = BPF_PROG_TYPE_KPROBE,
	.check = check,
	.attach = attach,
};
