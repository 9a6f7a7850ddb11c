// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernel/vmlinux.h"
#include "support.h"

#define RELEASE "6.3.0-9-test"
#define VERSION "#1 SMP PREEMPT_DYNAMIC Debian 6.3.42-1 (2026-01-01)"
#define ID	"0102030405060708090a0b0c0d0e0f1011121314"

static void what_a_kernel_says_of_itself(void **state)
{
	struct vmlinux vmlinux;
	struct kernel kernel;
	char *data;
	size_t size;

	(void)state;
	data = make_kernel_file(RELEASE, VERSION, "types", &size);
	assert_int_equal(vmlinux_take(&vmlinux, data, size), 0);
	assert_int_equal(vmlinux_identify(&vmlinux, RELEASE, &kernel), 0);
	assert_string_equal(kernel.release, RELEASE);
	assert_string_equal(kernel.version, VERSION);
	assert_string_equal(kernel.machine, "x86_64");
	assert_string_equal(kernel.build_id, ID);
	assert_int_equal(kernel.version_code, 0x06032a);
	assert_memory_equal(vmlinux_section(&vmlinux, ".BTF", &size), "types", 5);
	assert_int_equal(size, 5);
	assert_null(vmlinux_section(&vmlinux, ".text", &size));
	assert_int_equal(vmlinux_identify(&vmlinux, "6.3.0-9", &kernel), -ENOENT);
	vmlinux_free(&vmlinux);
}

static void no_truncation_is_read_beyond(void **state)
{
	struct vmlinux vmlinux;
	struct kernel kernel;
	size_t size, left, length;
	char *data, *copy;

	(void)state;
	data = make_kernel_file(RELEASE, VERSION, "types", &size);
	for (left = 0; left < size; left++) {
		copy = malloc(left + 1);
		memcpy(copy, data, left);
		if (vmlinux_take(&vmlinux, copy, left))
			continue;
		vmlinux_identify(&vmlinux, RELEASE, &kernel);
		vmlinux_section(&vmlinux, ".BTF", &length);
		vmlinux_free(&vmlinux);
	}
	free(data);
}

static void no_changed_byte_is_followed_outside(void **state)
{
	struct vmlinux vmlinux;
	struct kernel kernel;
	size_t size, i, length;
	char *data, *copy;

	(void)state;
	data = make_kernel_file(RELEASE, VERSION, "types", &size);
	for (i = 0; i < size; i++) {
		copy = malloc(size);
		memcpy(copy, data, size);
		copy[i] = (char)0xff;
		if (vmlinux_take(&vmlinux, copy, size))
			continue;
		vmlinux_identify(&vmlinux, RELEASE, &kernel);
		vmlinux_section(&vmlinux, ".BTF", &length);
		vmlinux_section(&vmlinux, ".notes", &length);
		vmlinux_free(&vmlinux);
	}
	free(data);
}

/* A bzImage: the packed file at the end of 2 sectors, and where it is. */
static void pack(const char *directory, const char *program, const char *data, size_t size)
{
	char header[2 * 512] = {}, *path = join(directory, "vmlinux"), *packed, *command;
	struct buffer file = {};
	uint32_t length = (uint32_t)size, offset = 16;
	size_t packed_size;

	write_file(path, data, size);
	assert_true(asprintf(&command, "%s -c %s >%s.packed", program, path, path) > 0);
	assert_int_equal(system(command), 0);
	free(command);
	free(path);
	path = join(directory, "vmlinux.packed");
	packed = file_read(path, &packed_size);
	assert_non_null(packed);
	header[0x1f1] = 1;
	memcpy(header + 0x202, "HdrS", 4);
	memcpy(header + 0x248, &offset, 4);
	buffer_append(&file, header, sizeof(header));
	buffer_append(&file, "sixteen bytes  .", 16);
	buffer_append(&file, packed, packed_size);
	if (strcmp(program, "gzip")) {
		buffer_append(&file, &length, sizeof(length));
		packed_size += sizeof(length);
	}
	length = (uint32_t)packed_size;
	memcpy(file.data + 0x24c, &length, 4);
	buffer_append(&file, "trailing", 8);
	free(path);
	path = join(directory, "vmlinuz");
	write_file(path, file.data, file.size);
	free(path);
	free(packed);
	buffer_free(&file);
}

static void what_is_packed_is_unpacked(void **state)
{
	static const char *const programs[] = { "gzip", "xz", "zstd", "bzip2", "lz4" };
	char *directory = make_directory(), *path = join(directory, "vmlinuz"), *data, command[64];
	struct vmlinux vmlinux;
	struct error error = {};
	size_t size, i, tried = 0;

	(void)state;
	data = make_kernel_file(RELEASE, VERSION, NULL, &size);
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		snprintf(command, sizeof(command), "command -v %s >/dev/null", programs[i]);
		/* The kernel's lz4 is the older format, which the program writes with -l. */
		if (system(command))
			continue;
		pack(directory, strcmp(programs[i], "lz4") ? programs[i] : "lz4 -l", data, size);
		if (vmlinux_read(&vmlinux, path, &error))
			fail_msg("%s: %s", programs[i], error.text);
		assert_int_equal(vmlinux.size, size);
		assert_memory_equal(vmlinux.data, data, size);
		vmlinux_free(&vmlinux);
		tried++;
	}
	assert_true(tried > 0);
	free(data);
	free(path);
	remove_directory(directory);
}

static void what_is_no_kernel_is_said(void **state)
{
	char *directory = make_directory(), *path = join(directory, "vmlinuz");
	struct vmlinux vmlinux;
	struct error error = {};

	(void)state;
	assert_int_equal(vmlinux_read(&vmlinux, path, &error), -ENOENT);
	write_file(path, "text", 4);
	assert_int_equal(vmlinux_read(&vmlinux, path, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "is no kernel that can be unpacked"));
	write_file(path, ELFMAG "rest", 8);
	assert_int_equal(vmlinux_read(&vmlinux, path, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "is no complete ELF file"));
	free(path);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_kernel_says_of_itself),
		cmocka_unit_test(no_truncation_is_read_beyond),
		cmocka_unit_test(no_changed_byte_is_followed_outside),
		cmocka_unit_test(what_is_packed_is_unpacked),
		cmocka_unit_test(what_is_no_kernel_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
