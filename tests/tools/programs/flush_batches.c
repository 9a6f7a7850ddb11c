// SPDX-License-Identifier: Apache-2.0
/*
 * flush_batches: has the CPUs hand over the batches of all tools that run, as their readers do, but
 * all the time, until it is ended. What is wrong about a program that this interrupts comes out
 * then.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/bpf.h"
#include "kernel/cpus.h"

#define MAX_PROGRAMS 16

static int call(enum bpf_cmd command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

/* The fd of the program with the next ID, or -1: there is no more. A program that just went is 0.
 */
static int open_next(__u32 *id)
{
	union bpf_attr next = { .start_id = *id }, open = {};
	int program;

	if (call(BPF_PROG_GET_NEXT_ID, &next))
		return -1;
	*id = open.prog_id = next.next_id;
	program = call(BPF_PROG_GET_FD_BY_ID, &open);
	return program < 0 ? 0 : program;
}

static int has_name(int program, const char *name)
{
	union bpf_attr attributes = {};
	struct bpf_prog_info info = {};

	attributes.info.bpf_fd = (__u32)program;
	attributes.info.info_len = sizeof(info);
	attributes.info.info = (uintptr_t)&info;
	return !call(BPF_OBJ_GET_INFO_BY_FD, &attributes) && !strcmp(info.name, name);
}

static int find_programs(int *programs)
{
	int count = 0, program;
	__u32 id = 0;

	while (count < MAX_PROGRAMS && (program = open_next(&id)) >= 0)
		if (program && has_name(program, "flush_batch"))
			programs[count++] = program;
	return count;
}

static int flush(int program, int cpu)
{
	const uint64_t no_arguments[1] = { 0 };
	uint32_t result;

	return bpf_run_on_cpu(program, no_arguments, sizeof(no_arguments), (unsigned int)cpu,
			      &result);
}

int main(void)
{
	int programs[MAX_PROGRAMS], count = find_programs(programs), i, cpu;

	if (!count) {
		fprintf(stderr, "flush_batches: no tool runs\n");
		return 1;
	}
	for (;;)
		for (cpu = 0; cpu < cpus_possible(); cpu++)
			for (i = 0; i < count; i++)
				if (flush(programs[i], cpu)) {
					perror("flush_batches");
					return 1;
				}
}
