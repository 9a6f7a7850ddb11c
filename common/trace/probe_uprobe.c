// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "kernel/elfsym.h"
#include "trace/perf_event.h"
#include "trace/probe_kind.h"

#define OVERLAYFS_MAGIC 0x794c7630 /* OVERLAYFS_SUPER_MAGIC of linux/magic.h */

static int say_overlay(const char *binary, struct error *error)
{
	return error_set(error, EIO,
			 "this kernel can't probe %s on its file system: before Linux 4.18 "
			 "overlayfs, as in containers, has no uprobes",
			 binary);
}

static int attach(struct links *links, const struct probe *probe, int program_fd,
		  struct error *error)
{
	const struct text_event head = { .is_uprobe = true,
					 .is_return = probe->kind == PROBE_URETPROBE };
	int type = perf_event_pmu_type("uprobe"), err;
	struct perf_event_attr attributes = { .type = (uint32_t)type, .config = head.is_return };
	char definition[448];
	uint64_t offset;

	err = elfsym_offset(probe->binary, probe->target, &offset, error);
	if (err)
		return err;
	attributes.config1 = (uintptr_t)probe->binary;
	attributes.config2 = offset;
	snprintf(definition, sizeof(definition), "%s:0x%" PRIx64, probe->binary, offset);
	if (type < 0)
		err = text_event_attach(links, &head, definition, program_fd, error);
	else
		err = perf_event_attach(links, &attributes, program_fd);
	if (err == -EIO)
		return say_overlay(probe->binary, error);
	if (type < 0)
		return err;
	if (err == -EACCES || err == -EPERM)
		error_set(error, -err, "not permitted: run as root, uprobes need CAP_SYS_ADMIN");
	else if (err)
		error_set(error, -err, "in %s: %s", probe->binary, strerror(-err));
	return err;
}

/*
 * A kernel without the PMU, before 4.17, does not probe files on overlayfs either. Detaching waits
 * until each CPU has passed a point of rest, which takes longer than the rest of a trial.
 */
static int find(struct links *links, const struct probe *probe, struct error *error)
{
	struct statfs system;
	uint64_t offset;
	int err;

	(void)links;
	err = elfsym_offset(probe->binary, probe->target, &offset, error);
	if (err)
		return err;
	if (perf_event_pmu_type("uprobe") < 0 && !statfs(probe->binary, &system) &&
	    system.f_type == OVERLAYFS_MAGIC)
		return say_overlay(probe->binary, error);
	return 0;
}

static int check(struct links *links, struct error *error)
{
	return perf_event_check_dynamic(links, true, error);
}

const struct probe_kind_operations probe_uprobe = {
	.name = "uprobe",
	.program_type = BPF_PROG_TYPE_KPROBE,
	.check = check,
	.attach = attach,
	.find = find,
};

const struct probe_kind_operations probe_uretprobe = {
	.name = "uretprobe",
	.program_type = BPF_PROG_TYPE_KPROBE,
	.check = check,
	.attach = attach,
	.find = find,
};
