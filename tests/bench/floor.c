// SPDX-License-Identifier: Apache-2.0
/*
 * floor PROBE...: attaches a program that does nothing to these probes, prints "attached", and runs
 * until it is stopped. A tool on the same probes can't cost less than this.
 *
 * A PROBE is KIND:TARGET, for uprobes KIND:TARGET@FILE: tracepoint:syscalls:sys_enter_openat,
 * raw_tracepoint:sys_exit, kprobe:do_filp_open, kretprobe:..., uprobe:...,
 * uretprobe:readline@/bin/bash
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "trace/loader.h"
#include "trace/probes.h"

static const struct {
	const char *name;
	enum probe_kind kind;
} kinds[] = {
	{ "kprobe", PROBE_KPROBE },	    { "kretprobe", PROBE_KRETPROBE },
	{ "uprobe", PROBE_UPROBE },	    { "uretprobe", PROBE_URETPROBE },
	{ "tracepoint", PROBE_TRACEPOINT }, { "raw_tracepoint", PROBE_RAW_TRACEPOINT },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static int parse(struct probe *probe, char *text)
{
	char *binary;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		size_t length = strlen(kinds[i].name);

		if (strncmp(text, kinds[i].name, length) || text[length] != ':')
			continue;
		*probe = (struct probe){ .kind = kinds[i].kind,
					 .target = text + length + 1,
					 .program = kinds[i].name };
		binary = strchr(text, '@');
		if (binary) {
			*binary = '\0';
			probe->binary = binary + 1;
		}
		return 0;
	}
	return -1;
}

static struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int attach(struct probes *attached, const struct probe *probes, struct error *error)
{
	static struct image_program programs[KINDS];
	static struct image image = { .program_count = KINDS, .programs = programs };
	const struct probe_set sets[] = { { probes, NULL, NULL }, {} };
	static const uint64_t parameters[IMAGE_PARAMETERS];
	struct loader loader;
	struct kernel kernel;
	size_t i;

	/* One program for each kind, because a program has one type. */
	for (i = 0; i < KINDS; i++) {
		strcpy(programs[i].name, kinds[i].name);
		programs[i].instruction_count = sizeof(nothing) / sizeof(*nothing);
		programs[i].instructions = nothing;
	}
	kernel_identify(&kernel);
	image.kern_version = kernel.version_code;
	loader_lift_memlock();
	loader_init(&loader, &image, parameters);
	probes_init(attached);
	return probes_attach(attached, sets, &loader, error);
}

int main(int argc, char **argv)
{
	struct probe *probes = calloc((size_t)argc, sizeof(*probes));
	struct probes attached;
	struct error error = {};
	int i;

	if (!probes || argc < 2)
		return 2;
	for (i = 1; i < argc; i++) {
		if (parse(&probes[i - 1], argv[i])) {
			fprintf(stderr, "floor: %s is no probe\n", argv[i]);
			return 2;
		}
	}
	if (attach(&attached, probes, &error) < 0) {
		fprintf(stderr, "floor: %s\n", error.text);
		return 1;
	}
	puts("attached");
	fflush(stdout);
	poll(NULL, 0, -1);
	return 0;
}
