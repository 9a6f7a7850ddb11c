// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/bpf.h"
#include "kernel/btf_file.h"
#include "kernel/tracefs.h"
#include "trace/perf_event.h"
#include "trace/probe_kind.h"

/* Returns the tracepoint's number, or a negative errno with a message. */
static int find_number(struct links *links, const struct probe *probe, struct error *error)
{
	char category[64], event[64];
	int tracefs, id;

	if (sscanf(probe->target, "%63[^:]:%63s", category, event) != 2)
		return error_set(error, EINVAL, "a tracepoint is named category:event");
	tracefs = links_tracefs(links, error);
	if (tracefs < 0)
		return tracefs;
	id = tracefs_event_id(tracefs, category, event);
	if (id == -ENOENT)
		return error_set(error, ENOENT, "this kernel has no such tracepoint");
	if (id < 0)
		return error_set(error, -id, "can't read its number in tracefs: %s", strerror(-id));
	return id;
}

static int attach(struct links *links, const struct probe *probe, int program_fd,
		  struct error *error)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_TRACEPOINT };
	int number = find_number(links, probe, error);

	if (number < 0)
		return number;
	attributes.config = (unsigned int)number;
	return perf_event_attach(links, &attributes, program_fd);
}

static int find(struct links *links, const struct probe *probe, struct error *error)
{
	int number = find_number(links, probe, error);

	return number < 0 ? number : perf_event_try();
}

const struct probe_kind_operations probe_tracepoint = {
	.name = "tracepoint",
	.program_type = BPF_PROG_TYPE_TRACEPOINT,
	.attach = attach,
	.find = find,
};

/*
 * That the kernel has no such programs is no fault of this one: it is not to be compiled otherwise,
 * and another probe set may serve.
 */
static int load_raw(const struct loader *loader, const struct probe *probe, struct error *error)
{
	int fd = loader_load(loader, probe->program, PROGRAM_TYPE_RAW_TRACEPOINT, error);

	if (fd != -EINVAL || bpf_has_raw_tracepoints())
		return fd;
	error_clear(error);
	return error_set(error, ENOENT,
			 "can't attach to the raw tracepoint %s: there are such from Linux 4.17 on",
			 probe->target);
}

static int attach_raw(struct links *links, const struct probe *probe, int program_fd,
		      struct error *error)
{
	int fd = bpf_open_raw_tracepoint(probe->target, program_fd);

	if (fd == -ENOENT)
		return error_set(error, ENOENT, "this kernel has no such tracepoint");
	if (fd < 0)
		return fd;
	return links_add(links, fd, NULL, NULL);
}

const struct probe_kind_operations probe_raw_tracepoint = {
	.name = "raw tracepoint",
	.program_type = PROGRAM_TYPE_RAW_TRACEPOINT,
	.load = load_raw,
	.attach = attach_raw,
};

/*
 * A kept image knows the tracepoint's ID, and the kernel may have BTF that is hidden here. Programs
 * take the file for the sign of BTF (PARAM_BTF), so this kind of probe does too.
 */
static int check_btf(struct links *links, struct error *error)
{
	(void)links;
	return access(BTF_PATH, R_OK) ?
		       error_set(error, ENOENT, "the kernel's BTF can't be read (%s)", BTF_PATH) :
		       0;
}

static int load_btf(const struct loader *loader, const struct probe *probe, struct error *error)
{
	return loader_load_btf(loader, probe->program, error);
}

/* The tracepoint is not named here: the program was loaded for it. */
static int attach_btf(struct links *links, const struct probe *probe, int program_fd,
		      struct error *error)
{
	int fd = bpf_open_raw_tracepoint(NULL, program_fd);

	(void)probe;
	(void)error;
	return fd < 0 ? fd : links_add(links, fd, NULL, NULL);
}

static int find_btf(struct links *links, const struct probe *probe, struct error *error)
{
	(void)links;
	return btf_file_find_tracepoint(BTF_PATH, probe->target) ?
		       0 :
		       error_set(error, ENOENT, "the kernel's BTF has no such tracepoint");
}

const struct probe_kind_operations probe_btf_raw_tracepoint = {
	.name = "BTF raw tracepoint",
	.program_type = PROGRAM_TYPE_TRACING,
	.check = check_btf,
	.load = load_btf,
	.attach = attach_btf,
	.find = find_btf,
};
