// SPDX-License-Identifier: Apache-2.0
/* The source is included for its structs, which are compared with the kernel's own header. */
#include "kernel/bpf.c"

#include <stdlib.h>

#include "kernel/cpus.h"
#include "support.h"

#define SAME(type, member, kernels, kernels_member)                                   \
	_Static_assert(offsetof(type, member) == offsetof(kernels, kernels_member) && \
			       sizeof(((type *)0)->member) ==                         \
				       sizeof(((kernels *)0)->kernels_member),        \
		       #kernels_member)

SAME(struct map_attributes, type, union bpf_attr, map_type);
SAME(struct map_attributes, key_size, union bpf_attr, key_size);
SAME(struct map_attributes, value_size, union bpf_attr, value_size);
SAME(struct map_attributes, max_entries, union bpf_attr, max_entries);
SAME(struct map_attributes, flags, union bpf_attr, map_flags);
SAME(struct map_attributes, name, union bpf_attr, map_name);
SAME(struct element_attributes, map_fd, union bpf_attr, map_fd);
SAME(struct element_attributes, key, union bpf_attr, key);
SAME(struct element_attributes, value, union bpf_attr, value);
SAME(struct element_attributes, value, union bpf_attr, next_key);
SAME(struct element_attributes, flags, union bpf_attr, flags);
SAME(struct load_attributes, type, union bpf_attr, prog_type);
SAME(struct load_attributes, count, union bpf_attr, insn_cnt);
SAME(struct load_attributes, instructions, union bpf_attr, insns);
SAME(struct load_attributes, license, union bpf_attr, license);
SAME(struct load_attributes, log_level, union bpf_attr, log_level);
SAME(struct load_attributes, log_size, union bpf_attr, log_size);
SAME(struct load_attributes, log, union bpf_attr, log_buf);
SAME(struct load_attributes, kern_version, union bpf_attr, kern_version);
SAME(struct load_attributes, name, union bpf_attr, prog_name);
SAME(struct load_attributes, attach_type, union bpf_attr, expected_attach_type);
SAME(struct load_attributes, attach_btf_id, union bpf_attr, attach_btf_id);
SAME(struct get_attributes, path, union bpf_attr, pathname);
SAME(struct run_attributes, program, union bpf_attr, test.prog_fd);
SAME(struct run_attributes, result, union bpf_attr, test.retval);
SAME(struct run_attributes, arguments_size, union bpf_attr, test.ctx_size_in);
SAME(struct run_attributes, arguments, union bpf_attr, test.ctx_in);
SAME(struct run_attributes, flags, union bpf_attr, test.flags);
SAME(struct run_attributes, cpu, union bpf_attr, test.cpu);
SAME(struct info_attributes, fd, union bpf_attr, info.bpf_fd);
SAME(struct info_attributes, size, union bpf_attr, info.info_len);
SAME(struct info_attributes, info, union bpf_attr, info.info);
SAME(struct raw_tracepoint_attributes, name, union bpf_attr, raw_tracepoint.name);
SAME(struct raw_tracepoint_attributes, program, union bpf_attr, raw_tracepoint.prog_fd);

_Static_assert(offsetof(struct program_info, recursion_misses) ==
		       offsetof(struct bpf_prog_info, run_cnt) + sizeof(uint64_t),
	       "recursion_misses, which headers before 5.12 lack, follows run_cnt");

_Static_assert((int)MAP_CREATE == (int)BPF_MAP_CREATE, "");
_Static_assert((int)BPF_CALL_LOOKUP == (int)BPF_MAP_LOOKUP_ELEM, "");
_Static_assert((int)BPF_CALL_UPDATE == (int)BPF_MAP_UPDATE_ELEM, "");
_Static_assert((int)BPF_CALL_DELETE == (int)BPF_MAP_DELETE_ELEM, "");
_Static_assert((int)BPF_CALL_NEXT_KEY == (int)BPF_MAP_GET_NEXT_KEY, "");
_Static_assert((int)PROGRAM_LOAD == (int)BPF_PROG_LOAD, "");
_Static_assert((int)OBJECT_GET == (int)BPF_OBJ_GET, "");
_Static_assert((int)PROGRAM_RUN == (int)BPF_PROG_TEST_RUN, "");
_Static_assert((int)OBJECT_INFO == (int)BPF_OBJ_GET_INFO_BY_FD, "");
_Static_assert((int)RAW_TRACEPOINT_OPEN == (int)BPF_RAW_TRACEPOINT_OPEN, "");
_Static_assert((int)PROGRAM_TYPE_RAW_TRACEPOINT == (int)BPF_PROG_TYPE_RAW_TRACEPOINT, "");
_Static_assert((int)PROGRAM_TYPE_TRACING == (int)BPF_PROG_TYPE_TRACING, "");
_Static_assert((int)ATTACH_TYPE_RAW_TRACEPOINT == (int)BPF_TRACE_RAW_TP, "");
_Static_assert((int)HELPER_CURRENT_CGROUP_ID == (int)BPF_FUNC_get_current_cgroup_id, "");
_Static_assert((int)HELPER_PROBE_READ_USER == (int)BPF_FUNC_probe_read_user, "");
_Static_assert((int)HELPER_PROBE_READ_KERNEL == (int)BPF_FUNC_probe_read_kernel, "");
_Static_assert(RUN_ON_CPU == BPF_F_TEST_RUN_ON_CPU, "");

static void a_map_keeps_what_it_gets(void **state)
{
	const struct map_shape shape = { "a_name_of_more_than_15_bytes",
					 BPF_MAP_TYPE_HASH,
					 sizeof(uint64_t),
					 sizeof(uint32_t),
					 7,
					 BPF_F_NO_PREALLOC };
	uint64_t key = 0x123456789abcULL, found;
	uint32_t value = 42, read = 0;
	struct map_shape described;
	int map;

	(void)state;
	need_bpf();
	map = bpf_create_map(&shape);
	assert_true(map >= 0);
	assert_int_equal(bpf_describe_map(map, &described), 0);
	assert_int_equal(described.type, BPF_MAP_TYPE_HASH);
	assert_int_equal(described.key_size, 8);
	assert_int_equal(described.value_size, 4);
	assert_int_equal(described.max_entries, 7);
	assert_int_equal(described.flags, BPF_F_NO_PREALLOC);
	assert_int_equal(bpf_lookup(map, &key, &read), -ENOENT);
	assert_int_equal(bpf_update(map, &key, &value, BPF_EXIST), -ENOENT);
	assert_int_equal(bpf_update(map, &key, &value, BPF_NOEXIST), 0);
	assert_int_equal(bpf_lookup(map, &key, &read), 0);
	assert_int_equal(read, 42);
	assert_int_equal(bpf_next_key(map, NULL, &found), 0);
	assert_true(found == key);
	assert_int_equal(bpf_next_key(map, &key, &found), -ENOENT);
	assert_int_equal(bpf_delete(map, &key), 0);
	assert_int_equal(bpf_delete(map, &key), -ENOENT);
	close(map);
}

static void errors_are_the_kernels(void **state)
{
	const struct bpf_insn endless[] = { INSN(BPF_JMP | BPF_JA, 0, 0, -1, 0) };
	char log[4096] = "";
	struct program_to_load program = { .name = "endless",
					   .type = BPF_PROG_TYPE_TRACEPOINT,
					   .instructions = endless,
					   .count = 1 };
	uint64_t misses;
	uint32_t result;

	(void)state;
	need_bpf();
	assert_true(bpf_load(&program) < 0);
	program.log = log;
	program.log_size = sizeof(log);
	assert_true(bpf_load(&program) < 0);
	assert_true(strlen(log) > 0);
	assert_int_equal(bpf_open_pinned("/nonexistent"), -ENOENT);
	assert_int_equal(bpf_run_on_cpu(-1, NULL, 0, 0, &result), -EBADF);
	assert_true(bpf_count_misses(-1, &misses) < 0);
	assert_int_equal(bpf_try_helper(1000000), -EINVAL);
	assert_int_equal(bpf_try_helper(BPF_FUNC_probe_read), 0);
}

static void a_program_counts_its_misses(void **state)
{
	const struct bpf_insn nothing[] = { MOVE_NUMBER(0, 0), EXIT() };
	const struct program_to_load program = { .name = "nothing",
						 .type = PROGRAM_TYPE_RAW_TRACEPOINT,
						 .instructions = nothing,
						 .count = ARRAY_SIZE(nothing) };
	uint64_t misses = 1;
	int fd;

	(void)state;
	need_bpf();
	fd = bpf_load(&program);
	assert_true(fd >= 0);
	assert_int_equal(bpf_count_misses(fd, &misses), 0);
	assert_int_equal(misses, 0);
	close(fd);
}

/* The kernel checks an update of a map that has a value of each CPU against its own number. */
static void a_value_of_each_possible_cpu_fits(void **state)
{
	const struct map_shape shape = { "counts", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1, 0 };
	size_t bytes = (size_t)cpus_possible() * sizeof(uint64_t);
	char *memory = malloc(bytes + 64);
	uint32_t key = 0;
	int map;

	(void)state;
	need_bpf();
	map = bpf_create_map(&shape);
	assert_true(map >= 0 && memory);
	memset(memory, 0x55, bytes + 64);
	assert_int_equal(bpf_lookup(map, &key, memory), 0);
	assert_int_equal(memory[0], 0);
	assert_int_equal(memory[bytes - 1], 0);
	assert_int_equal(memory[bytes], 0x55);
	free(memory);
	close(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_keeps_what_it_gets),
		cmocka_unit_test(errors_are_the_kernels),
		cmocka_unit_test(a_program_counts_its_misses),
		cmocka_unit_test(a_value_of_each_possible_cpu_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
