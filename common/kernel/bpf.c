// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/bpf.h"

#define NAME_SIZE  16
#define RUN_ON_CPU 1 /* BPF_F_TEST_RUN_ON_CPU */
#define TRIES	   5 /* of loading: a signal interrupts the verifier */

/* The numbers of the commands. */
enum {
	MAP_CREATE = 0,
	PROGRAM_LOAD = 5,
	OBJECT_GET = 7,
	PROGRAM_RUN = 10,
	OBJECT_INFO = 15,
	RAW_TRACEPOINT_OPEN = 17,
};

/* The attributes of the commands: the first bytes of the kernel's union bpf_attr. */

struct map_attributes {
	uint32_t type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	uint32_t inner_map_fd;
	uint32_t numa_node;
	char name[NAME_SIZE];
};

struct element_attributes {
	uint32_t map_fd;
	uint32_t unused;
	uint64_t key;
	uint64_t value; /* or where the next key is to go */
	uint64_t flags;
};

struct load_attributes {
	uint32_t type;
	uint32_t count;
	uint64_t instructions;
	uint64_t license;
	uint32_t log_level;
	uint32_t log_size;
	uint64_t log;
	uint32_t kern_version;
	uint32_t flags;
	char name[NAME_SIZE];
	uint32_t ifindex;
	uint32_t attach_type;
	uint32_t types[6]; /* the program's own BTF */
	uint64_t lines;
	uint32_t line_count;
	uint32_t attach_btf_id;
};

struct get_attributes {
	uint64_t path;
	uint32_t fd;
	uint32_t flags;
};

struct run_attributes {
	uint32_t program;
	uint32_t result;
	uint32_t data[6]; /* what goes to programs that look at packets */
	uint32_t repeat;
	uint32_t duration;
	uint32_t arguments_size;
	uint32_t arguments_room;
	uint64_t arguments;
	uint64_t arguments_after;
	uint32_t flags;
	uint32_t cpu;
};

struct info_attributes {
	uint32_t fd;
	uint32_t size;
	uint64_t info;
};

struct raw_tracepoint_attributes {
	uint64_t name;
	uint32_t program;
	uint32_t unused;
};

/* What the kernel says of a program: the first bytes of its struct bpf_prog_info. */
struct program_info {
	uint64_t others[26];
	uint64_t recursion_misses;
};

static int call(int command, void *attributes, size_t size)
{
	long result = syscall(SYS_bpf, command, attributes, size);

	return result < 0 ? -errno : (int)result;
}

static uint64_t address_of(const void *memory)
{
	return (uintptr_t)memory;
}

/* ---- maps ---- */

int bpf_create_map(const struct map_shape *shape)
{
	struct map_attributes attributes = {
		.type = shape->type,
		.key_size = shape->key_size,
		.value_size = shape->value_size,
		.max_entries = shape->max_entries,
		.flags = shape->flags,
	};

	snprintf(attributes.name, sizeof(attributes.name), "%s", shape->name);
	return call(MAP_CREATE, &attributes, sizeof(attributes));
}

static bpf_agent agent;

void bpf_set_agent(bpf_agent new_agent)
{
	agent = new_agent;
}

static int call_element(enum bpf_map_call command, int map, const void *key, const void *value,
			uint64_t flags)
{
	struct element_attributes attributes = {
		.map_fd = (uint32_t)map,
		.key = address_of(key),
		.value = address_of(value),
		.flags = flags,
	};

	if (agent)
		return agent(command, map, key, (void *)value, flags);
	return call(command, &attributes, sizeof(attributes));
}

int bpf_lookup(int map, const void *key, void *value)
{
	return call_element(BPF_CALL_LOOKUP, map, key, value, 0);
}

int bpf_update(int map, const void *key, const void *value, uint64_t flags)
{
	return call_element(BPF_CALL_UPDATE, map, key, value, flags);
}

int bpf_delete(int map, const void *key)
{
	return call_element(BPF_CALL_DELETE, map, key, NULL, 0);
}

int bpf_next_key(int map, const void *key, void *next)
{
	return call_element(BPF_CALL_NEXT_KEY, map, key, next, 0);
}

int bpf_open_pinned(const char *path)
{
	struct get_attributes attributes = { .path = address_of(path) };

	return call(OBJECT_GET, &attributes, sizeof(attributes));
}

static int get_info(int fd, void *info, uint32_t size)
{
	struct info_attributes attributes = {
		.fd = (uint32_t)fd,
		.size = size,
		.info = address_of(info),
	};

	return call(OBJECT_INFO, &attributes, sizeof(attributes));
}

int bpf_describe_map(int map, struct map_shape *shape)
{
	struct {
		uint32_t type;
		uint32_t id;
		uint32_t key_size;
		uint32_t value_size;
		uint32_t max_entries;
		uint32_t flags;
	} info = {};
	int err = get_info(map, &info, sizeof(info));

	*shape = (struct map_shape){
		.type = info.type,
		.key_size = info.key_size,
		.value_size = info.value_size,
		.max_entries = info.max_entries,
		.flags = info.flags,
	};
	return err;
}

/* ---- programs ---- */

int bpf_load(const struct program_to_load *program)
{
	struct load_attributes attributes = {
		.type = program->type,
		.count = program->count,
		.instructions = address_of(program->instructions),
		.license = address_of("GPL"),
		.log_level = program->log ? 1 : 0,
		.log_size = program->log ? program->log_size : 0,
		.log = address_of(program->log),
		.kern_version = program->kern_version,
		.attach_type = program->attach_type,
		.attach_btf_id = program->attach_btf_id,
	};
	int fd = -EAGAIN, i;

	snprintf(attributes.name, sizeof(attributes.name), "%s", program->name);
	for (i = 0; fd == -EAGAIN && i < TRIES; i++)
		fd = call(PROGRAM_LOAD, &attributes, sizeof(attributes));
	return fd;
}

int bpf_run_on_cpu(int program, const void *arguments, uint32_t size, unsigned int cpu,
		   uint32_t *result)
{
	struct run_attributes attributes = {
		.program = (uint32_t)program,
		.arguments = address_of(arguments),
		.arguments_size = size,
		.flags = RUN_ON_CPU,
		.cpu = cpu,
	};
	int err;

	err = call(PROGRAM_RUN, &attributes, sizeof(attributes));
	*result = attributes.result;
	return err;
}

int bpf_open_raw_tracepoint(const char *name, int program)
{
	struct raw_tracepoint_attributes attributes = {
		.name = address_of(name),
		.program = (uint32_t)program,
	};

	return call(RAW_TRACEPOINT_OPEN, &attributes, sizeof(attributes));
}

int bpf_count_misses(int program, uint64_t *misses)
{
	struct program_info info = {};
	int err = get_info(program, &info, sizeof(info));

	*misses = info.recursion_misses;
	return err;
}

static int try_program(uint32_t type, const struct bpf_insn *instructions, size_t count)
{
	const struct program_to_load program = {
		.name = "snoopkit_trial",
		.type = type,
		.instructions = instructions,
		.count = (uint32_t)count,
	};
	int fd = bpf_load(&program);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int bpf_try_type(uint32_t type)
{
	static const struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return try_program(type, instructions, sizeof(instructions) / sizeof(*instructions));
}

bool bpf_has_raw_tracepoints(void)
{
	return bpf_try_type(PROGRAM_TYPE_RAW_TRACEPOINT) != -EINVAL;
}

int bpf_try_helper(int helper)
{
	/* helper(stack, 8, NULL), whose result is ignored */
	const struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return try_program(BPF_PROG_TYPE_TRACEPOINT, instructions,
			   sizeof(instructions) / sizeof(*instructions));
}
