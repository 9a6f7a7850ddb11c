// SPDX-License-Identifier: Apache-2.0
/*
 * flush_batches: has the CPUs hand over the batches of all tools that run, as their readers do, but
 * all the time, until it is ended. What is wrong about a program that this interrupts comes out
 * then.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#define MAX_PROGRAMS 16

static int find_programs(int *programs)
{
	struct bpf_prog_info info;
	int count = 0, program;
	__u32 id = 0, size;

	while (count < MAX_PROGRAMS && !bpf_prog_get_next_id(id, &id)) {
		program = bpf_prog_get_fd_by_id(id);
		if (program < 0)
			continue;
		memset(&info, 0, sizeof(info));
		size = sizeof(info);
		if (!bpf_obj_get_info_by_fd(program, &info, &size) &&
		    !strcmp(info.name, "flush_batch"))
			programs[count++] = program;
	}
	return count;
}

static int flush(int program, int cpu)
{
	__u64 no_arguments[1] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = no_arguments,
		    .ctx_size_in = sizeof(no_arguments), .flags = BPF_F_TEST_RUN_ON_CPU,
		    .cpu = (__u32)cpu);

	return bpf_prog_test_run_opts(program, &options);
}

int main(void)
{
	int programs[MAX_PROGRAMS], count = find_programs(programs), i, cpu;

	if (!count) {
		fprintf(stderr, "flush_batches: no tool runs\n");
		return 1;
	}
	for (;;)
		for (cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
			for (i = 0; i < count; i++)
				if (flush(programs[i], cpu)) {
					perror("flush_batches");
					return 1;
				}
}
