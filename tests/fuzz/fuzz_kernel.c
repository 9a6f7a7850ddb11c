// SPDX-License-Identifier: Apache-2.0
/*
 * What another machine says of its kernel: a description, and a kernel's file. The fuzzer can't
 * pack one, so it is unpacked already.
 */
#include <string.h>

#include "fuzz.h"
#include "kernel/description.h"
#include "kernel/vmlinux.h"

static void check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size), i;

	REQUIRE(length < size);
	for (i = 0; i < length; i++)
		REQUIRE(text[i] >= ' ' && text[i] <= '~');
}

static void describe(const char *data, size_t size)
{
	struct error error = {};
	struct target target;

	if (description_parse(&target, "input", data, size, &error)) {
		REQUIRE(target.btf_fd < 0 && *error.text);
		error_clear(&error);
		return;
	}
	check_text(target.kernel.release, sizeof(target.kernel.release));
	check_text(target.kernel.version, sizeof(target.kernel.version));
	check_text(target.kernel.machine, sizeof(target.kernel.machine));
	check_text(target.kernel.build_id, sizeof(target.kernel.build_id));
	REQUIRE(!strchr(target.kernel.release, '/'));
	target_close(&target);
}

static void read_file(const char *data, size_t size)
{
	char *copy = malloc(size + 1);
	volatile size_t sum = 0;
	struct vmlinux vmlinux;
	struct kernel kernel;
	const char *section;
	size_t length, i;

	if (!copy)
		return;
	memcpy(copy, data, size);
	if (vmlinux_take(&vmlinux, copy, size))
		return;
	if (!vmlinux_identify(&vmlinux, "6.3.0", &kernel))
		check_text(kernel.version, sizeof(kernel.version));
	section = vmlinux_section(&vmlinux, ".BTF", &length);
	for (i = 0; section && i < length; i++)
		sum += (unsigned char)section[i];
	vmlinux_free(&vmlinux);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	describe((const char *)data, size);
	read_file((const char *)data, size);
	return 0;
}
