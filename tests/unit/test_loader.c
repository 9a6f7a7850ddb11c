// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/privileges.h"
#include "support.h"
#include "trace/loader.h"

static uint64_t parameters[IMAGE_PARAMETERS];

static int load(const struct loader *loader, const char *name)
{
	struct error error = {};
	int fd = loader_load(loader, name, BPF_PROG_TYPE_RAW_TRACEPOINT, &error);

	if (fd < 0)
		fail_msg("%s\n%s", error.text, error.detail ? error.detail : "");
	assert_string_equal(error.text, "");
	assert_null(error.detail);
	return fd;
}

static void create_maps(struct loader *loader)
{
	struct error error = {};

	if (loader_create_maps(loader, &error))
		fail_msg("%s", error.text);
}

static void parameters_are_patched(void **state)
{
	/* before it, a plain number with the same lower half */
	static const struct bpf_insn low[] = {
		INSN(BPF_LD | BPF_IMM | BPF_DW, 1, 0, 0, 3),
		INSN(0, 0, 0, 0, 0),
		LOAD_PARAMETER(0, 3),
		EXIT(),
	};
	static const struct bpf_insn high[] = { LOAD_PARAMETER(0, 3), SHIFT_RIGHT(0, 32), EXIT() };
	static const struct bpf_insn last[] = { LOAD_PARAMETER(0, 31), EXIT() };
	static const struct bpf_insn number[] = {
		INSN(BPF_LD | BPF_IMM | BPF_DW, 0, 0, 0, 3),
		INSN(0, 0, 0, 0, 0x5eed0000),
		EXIT(),
	};
	struct image *image;
	struct loader loader;
	int fd;

	(void)state;
	need_bpf();
	image = make_image();
	ADD_PROGRAM(image, "low", low);
	ADD_PROGRAM(image, "high", high);
	ADD_PROGRAM(image, "last", last);
	ADD_PROGRAM(image, "number", number);
	memset(parameters, 0, sizeof(parameters));
	parameters[3] = 0xfedcba9876543210;
	parameters[31] = 31;
	loader_init(&loader, image, parameters);
	/* The loader has a copy. */
	parameters[3] = 0;
	fd = load(&loader, "low");
	assert_int_equal((uint32_t)run_program(fd, 0, 0, 0), 0x76543210);
	close(fd);
	fd = load(&loader, "high");
	assert_int_equal((uint32_t)run_program(fd, 0, 0, 0), 0xfedcba98);
	close(fd);
	fd = load(&loader, "last");
	assert_int_equal(run_program(fd, 0, 0, 0), 31);
	close(fd);
	fd = load(&loader, "number");
	assert_int_equal(run_program(fd, 0, 0, 0), 3);
	close(fd);
	/* The image is unchanged: another load may have other values. */
	assert_memory_equal(image->programs[0].instructions, low, sizeof(low));
	loader_close(&loader);
	image_free(image);
}

/* The verifier skips code that a parameter switches off, even code that it would refuse. */
static void switched_off_code_is_not_checked(void **state)
{
	static const struct bpf_insn program[] = {
		LOAD_PARAMETER(2, 0),
		MOVE_NUMBER(0, 0),
		JUMP_IF_ZERO(2, 1),
		LOAD(0, 1, 0x7000), /* far after the context */
		EXIT(),
	};
	struct image *image;
	struct error error = {};
	struct loader loader;

	(void)state;
	need_bpf();
	image = make_image();
	ADD_PROGRAM(image, "program", program);
	memset(parameters, 0, sizeof(parameters));
	loader_init(&loader, image, parameters);
	close(load(&loader, "program"));
	parameters[0] = 1;
	loader_init(&loader, image, parameters);
	assert_true(loader_load(&loader, "program", BPF_PROG_TYPE_RAW_TRACEPOINT, &error) < 0);
	assert_non_null(error.detail);
	error_clear(&error);
	image_free(image);
}

static const struct bpf_insn uses_first_map[] = { LOAD_MAP(1, 0), MOVE_NUMBER(0, 0), EXIT() };

static bool is_not_second(const void *context, const char *program)
{
	assert_ptr_equal(context, parameters);
	return strcmp(program, "second");
}

/* The kernel allocates all of a hash at once. */
static void a_hash_of_programs_that_are_not_loaded_is_small(void **state)
{
	struct bpf_map_info info = {};
	struct loader loader;
	struct image *image;

	(void)state;
	need_bpf();
	image = make_image();
	add_map(image, "hash", BPF_MAP_TYPE_HASH, 4, 4, 99);
	ADD_PROGRAM(image, "second", uses_first_map);
	loader_init(&loader, image, parameters);
	loader.may_load = is_not_second;
	loader.may_load_context = parameters;
	create_maps(&loader);
	read_info(loader_map(&loader, "hash"), &info, sizeof(info));
	assert_int_equal(info.max_entries, 1);
	loader_close(&loader);
	ADD_PROGRAM(image, "first", uses_first_map);
	create_maps(&loader);
	read_info(loader_map(&loader, "hash"), &info, sizeof(info));
	assert_int_equal(info.max_entries, 99);
	loader_close(&loader);
	image_free(image);
}

static void maps_are_as_the_image_says(void **state)
{
	struct bpf_map_info info = {};
	struct image *image;
	struct loader loader;
	int fd;

	(void)state;
	need_bpf();
	image = make_image();
	add_map(image, "first_of_a_long_name", BPF_MAP_TYPE_HASH, 12, 40, 77);
	add_map(image, "events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0);
	add_map(image, "of_another_option", BPF_MAP_TYPE_HASH, 4, 4, 99);
	ADD_PROGRAM(image, "program", uses_first_map);
	image->maps[0].flags = BPF_F_NO_PREALLOC;
	loader_init(&loader, image, parameters);
	assert_int_equal(loader_map(&loader, "events"), -1);
	create_maps(&loader);
	fd = loader_map(&loader, "first_of_a_long_name");
	read_info(fd, &info, sizeof(info));
	assert_int_equal(info.type, BPF_MAP_TYPE_HASH);
	assert_int_equal(info.key_size, 12);
	assert_int_equal(info.value_size, 40);
	assert_int_equal(info.max_entries, 77);
	assert_int_equal(info.map_flags, BPF_F_NO_PREALLOC);
	assert_int_equal(strncmp(info.name, "first_of_a", 10), 0);
	/* No program uses it. */
	fd = loader_map(&loader, "of_another_option");
	read_info(fd, &info, sizeof(info));
	assert_int_equal(info.max_entries, 1);
	fd = loader_map(&loader, "events");
	read_info(fd, &info, sizeof(info));
	assert_int_equal(info.max_entries, cpus_possible());
	assert_int_equal(loader_map(&loader, "none"), -1);
	loader_close(&loader);
	assert_int_equal(loader_map(&loader, "events"), -1);
	loader_close(&loader);
	image_free(image);
}

static void programs_use_the_maps(void **state)
{
	struct image *image;
	struct loader loader;
	int fd;

	(void)state;
	need_bpf();
	image = make_image();
	add_map(image, "other", BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	add_counter(image, "count");
	loader_init(&loader, image, parameters);
	create_maps(&loader);
	fd = load(&loader, "count");
	run_program(fd, 0, 0, 0);
	run_program(fd, 0, 0, 0);
	assert_int_equal(read_count(loader_map(&loader, "counts")), 2);
	assert_int_equal(read_count(loader_map(&loader, "other")), 0);
	close(fd);
	loader_close(&loader);
	image_free(image);
}

static void a_refused_program_has_the_verifiers_words(void **state)
{
	static const struct bpf_insn program[] = { LOAD(0, 5, 0), EXIT() };
	struct image *image;
	struct error error = {};
	struct loader loader;
	size_t before = count_descriptors();

	(void)state;
	need_bpf();
	image = make_image();
	ADD_PROGRAM(image, "on_something", program);
	loader_init(&loader, image, parameters);
	assert_int_equal(loader_load(&loader, "on_something", BPF_PROG_TYPE_RAW_TRACEPOINT, &error),
			 -EACCES);
	assert_non_null(strstr(error.text, "on_something"));
	assert_int_equal(count_lines(error.text), 1);
	assert_non_null(error.detail);
	assert_non_null(strstr(error.detail, "R5 !read_ok"));
	assert_int_equal(error.detail[strlen(error.detail) - 1], '\n');
	error_clear(&error);
	assert_int_equal(count_descriptors(), before);
	image_free(image);
}

static void of_a_long_log_the_end_is_kept(void **state)
{
	struct bpf_insn program[400];
	struct image *image;
	struct error error = {};
	struct loader loader;
	size_t i;

	(void)state;
	need_bpf();
	image = make_image();
	for (i = 0; i < 398; i++)
		program[i] = MOVE_NUMBER(0, (int)i);
	program[398] = LOAD(0, 5, 0);
	program[399] = EXIT();
	ADD_PROGRAM(image, "long", program);
	loader_init(&loader, image, parameters);
	assert_int_equal(loader_load(&loader, "long", BPF_PROG_TYPE_RAW_TRACEPOINT, &error),
			 -EACCES);
	assert_between(count_lines(error.detail), 3, 30);
	assert_non_null(strstr(error.detail, "R5 !read_ok"));
	error_clear(&error);
	image_free(image);
}

static int load_verbosely(void *context)
{
	struct error error = {};
	struct loader *loader = context;
	int fd;

	loader->verbose = true;
	fd = loader_load(loader, "good", BPF_PROG_TYPE_RAW_TRACEPOINT, &error);
	return fd < 0;
}

static void verbose_shows_the_log_of_a_good_one(void **state)
{
	static const struct bpf_insn program[] = { MOVE_NUMBER(0, 0), EXIT() };
	struct image *image;
	struct outcome outcome;
	struct loader loader;

	(void)state;
	need_bpf();
	image = make_image();
	ADD_PROGRAM(image, "good", program);
	loader_init(&loader, image, parameters);
	run_child(load_verbosely, &loader, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, "");
	assert_non_null(strstr(outcome.errors, "good: 2 instructions\n"));
	assert_non_null(strstr(outcome.errors, "processed 2 insns"));
	outcome_free(&outcome);
	image_free(image);
}

static void a_missing_program_is_named(void **state)
{
	struct image *image = make_image();
	struct error error = {};
	struct loader loader;

	(void)state;
	loader_init(&loader, image, parameters);
	assert_int_equal(loader_load(&loader, "on_nothing", BPF_PROG_TYPE_RAW_TRACEPOINT, &error),
			 -ENOENT);
	assert_non_null(strstr(error.text, "on_nothing"));
	image_free(image);
}

static void a_bad_map_is_named(void **state)
{
	struct image *image;
	struct error error = {};
	struct loader loader;
	size_t before = count_descriptors();

	(void)state;
	need_bpf();
	image = make_image();
	add_map(image, "good", BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	add_map(image, "bad_array", BPF_MAP_TYPE_ARRAY, 3, 8, 1);
	loader_init(&loader, image, parameters);
	assert_int_equal(loader_create_maps(&loader, &error), -EINVAL);
	assert_non_null(strstr(error.text, "bad_array"));
	loader_close(&loader);
	assert_int_equal(count_descriptors(), before);
	image_free(image);
}

static int create_as_nobody(void *context)
{
	struct error error = {};
	int err;

	become_nobody();
	err = loader_create_maps(context, &error);
	printf("%s", error.text);
	return -err;
}

static void without_permission_the_capability_is_named(void **state)
{
	struct image *image;
	struct outcome outcome;
	struct loader loader;

	(void)state;
	need_bpf();
	image = make_image();
	add_map(image, "perf", BPF_MAP_TYPE_LRU_HASH, 4, 8, 1);
	loader_init(&loader, image, parameters);
	run_child(create_as_nobody, &loader, &outcome);
	assert_int_equal(outcome.status, EPERM);
	assert_non_null(strstr(outcome.output, "CAP_BPF"));
	outcome_free(&outcome);
	image_free(image);
}

/* ---- pinned maps ---- */

struct pins {
	char *directory;
	struct image *image;
	struct loader loader;
};

static char *pin(const struct pins *pins, const char *name, int fd)
{
	char *path = join(pins->directory, name);

	assert_true(fd >= 0);
	pin_object(fd, path);
	close(fd);
	return path;
}

static char *pin_map(const struct pins *pins, const char *name, enum bpf_map_type type,
		     uint32_t key_size)
{
	const struct map_shape shape = { name, type, key_size, 4, 16, 0 };

	return pin(pins, name, bpf_create_map(&shape));
}

static void assert_not_used(struct pins *pins, char *path, int expected)
{
	struct error error = {};
	size_t before = count_descriptors();
	int err = loader_use_pinned_map(&pins->loader, "cgroup_set", path, &error);

	if (expected)
		assert_int_equal(err, expected);
	assert_true(err < 0);
	assert_non_null(strstr(error.text, path));
	assert_int_equal(count_lines(error.text), 1);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(loader_map(&pins->loader, "cgroup_set"), -1);
	free(path);
}

static int set_up_pins(void **state)
{
	struct pins *pins = calloc(1, sizeof(*pins));

	*state = pins;
	pins->image = make_image();
	add_map(pins->image, "events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0);
	add_map(pins->image, "cgroup_set", BPF_MAP_TYPE_HASH, 8, 8, 1);
	loader_init(&pins->loader, pins->image, parameters);
	pins->directory = make_directory();
	return 0;
}

static int tear_down_pins(void **state)
{
	struct pins *pins = *state;

	loader_close(&pins->loader);
	image_free(pins->image);
	umount2(pins->directory, MNT_DETACH);
	remove_directory(pins->directory);
	free(pins);
	return 0;
}

#define need_bpffs(pins)                                             \
	do {                                                         \
		need_bpf();                                          \
		need_private_mounts();                               \
		if (mount("bpf", (pins)->directory, "bpf", 0, NULL)) \
			skip_because("no BPF filesystem");           \
	} while (0)

static void a_pinned_map_takes_the_place(void **state)
{
	struct pins *pins = *state;
	uint64_t key = 42, value = 0;
	struct error error = {};
	uint32_t pinned = 7;
	char *path;
	int fd;

	need_bpffs(pins);
	path = pin_map(pins, "set", BPF_MAP_TYPE_HASH, 8);
	assert_int_equal(loader_use_pinned_map(&pins->loader, "cgroup_set", path, &error), 0);
	create_maps(&pins->loader);
	fd = bpf_open_pinned(path);
	assert_int_equal(bpf_update(fd, &key, &pinned, BPF_ANY), 0);
	close(fd);
	assert_int_equal(bpf_lookup(loader_map(&pins->loader, "cgroup_set"), &key, &value), 0);
	assert_int_equal(value, 7);
	assert_true(loader_map(&pins->loader, "events") >= 0);
	free(path);
}

static void an_lru_hash_will_do(void **state)
{
	struct pins *pins = *state;
	struct error error = {};
	char *path;

	need_bpffs(pins);
	path = pin_map(pins, "lru", BPF_MAP_TYPE_LRU_HASH, 8);
	assert_int_equal(loader_use_pinned_map(&pins->loader, "cgroup_set", path, &error), 0);
	free(path);
}

static void what_is_no_such_map_is_refused(void **state)
{
	static const struct bpf_insn instructions[] = { MOVE_NUMBER(0, 0), EXIT() };
	const struct program_to_load program = { .name = "f",
						 .type = BPF_PROG_TYPE_SOCKET_FILTER,
						 .instructions = instructions,
						 .count = ARRAY_SIZE(instructions) };
	struct pins *pins = *state;
	struct error error = {};

	need_bpffs(pins);
	assert_not_used(pins, join(pins->directory, "none"), -ENOENT);
	assert_not_used(pins, pin_map(pins, "array", BPF_MAP_TYPE_ARRAY, 4), -EINVAL);
	assert_not_used(pins, pin_map(pins, "small", BPF_MAP_TYPE_HASH, 4), -EINVAL);
	assert_not_used(pins, pin_map(pins, "large", BPF_MAP_TYPE_HASH, 16), -EINVAL);
	assert_not_used(pins, pin(pins, "program", bpf_load(&program)), -EINVAL);
	assert_not_used(pins, strdup("/etc/passwd"), 0);
	assert_not_used(pins, strdup(""), 0);
	assert_int_equal(loader_use_pinned_map(&pins->loader, "no_such_map", "/x", &error),
			 -ENOENT);
	assert_non_null(strstr(error.text, "no_such_map"));
}

static int lift(void *context)
{
	struct rlimit limit = { 65536, 131072 };
	const bool *root = context;

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		return 9;
	if (!*root)
		become_nobody();
	loader_lift_memlock();
	getrlimit(RLIMIT_MEMLOCK, &limit);
	printf("%s", limit.rlim_cur == RLIM_INFINITY ? "all" : "some");
	return limit.rlim_cur == limit.rlim_max ? 0 : 1;
}

static void memlock_is_lifted_as_far_as_allowed(void **state)
{
	struct outcome outcome;
	bool root = true;

	(void)state;
	need_root();
	run_child(lift, &root, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, privileges_have(CAP_SYS_RESOURCE) ? "all" : "some");
	outcome_free(&outcome);
	root = false;
	run_child(lift, &root, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, "some");
	outcome_free(&outcome);
}

#define PINNED(function) cmocka_unit_test_setup_teardown(function, set_up_pins, tear_down_pins)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_patched),
		cmocka_unit_test(switched_off_code_is_not_checked),
		cmocka_unit_test(maps_are_as_the_image_says),
		cmocka_unit_test(a_hash_of_programs_that_are_not_loaded_is_small),
		cmocka_unit_test(programs_use_the_maps),
		cmocka_unit_test(a_refused_program_has_the_verifiers_words),
		cmocka_unit_test(of_a_long_log_the_end_is_kept),
		cmocka_unit_test(verbose_shows_the_log_of_a_good_one),
		cmocka_unit_test(a_missing_program_is_named),
		cmocka_unit_test(a_bad_map_is_named),
		cmocka_unit_test(without_permission_the_capability_is_named),
		PINNED(a_pinned_map_takes_the_place),
		PINNED(an_lru_hash_will_do),
		PINNED(what_is_no_such_map_is_refused),
		cmocka_unit_test(memlock_is_lifted_as_far_as_allowed),
	};

	loader_lift_memlock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
