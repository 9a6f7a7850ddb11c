// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "compile/symbol_list.h"
#include "kernel/ksyms.h"
#include "support.h"

static const char *const names[] = { "bpf_probe_read_kernel", "bpf_probe_read_user" };

static char *read_symbols(void)
{
	size_t size;
	char *text = file_read("/proc/kallsyms", &size);

	if (!text)
		skip_because("no /proc/kallsyms");
	return text;
}

static void it_says_what_the_kernels_own_says(void **state)
{
	char *directory, *own, *replaced;
	struct target target;
	uint64_t address;
	size_t i;

	(void)state;
	need_bpf();
	need_private_mounts();
	own = read_symbols();
	directory = make_directory();
	target_running(&target);
	assert_int_equal(symbol_list_replace(&target, directory), 0);
	replaced = read_symbols();
	assert_true(strlen(replaced) < 200);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		bool is_there = ksyms_find_in(own, names[i], NULL, 0) != -ENOENT;

		assert_int_equal(ksyms_find_in(replaced, names[i], &address, 1),
				 is_there ? 1 : -ENOENT);
		assert_true(!is_there || (address != 0 && address != UINT64_MAX));
	}
	umount2("/proc/kallsyms", MNT_DETACH);
	remove_directory(directory);
	free(replaced);
	free(own);
}

static void it_says_what_a_kernel_that_does_not_run_has(void **state)
{
	struct target target = {};
	char *directory, *replaced;
	int i;

	(void)state;
	need_private_mounts();
	directory = make_directory();
	for (i = 0; i < 2; i++) {
		target.has_probe_read_kernel = i;
		assert_int_equal(symbol_list_replace(&target, directory), 0);
		replaced = read_symbols();
		assert_int_equal(!!strstr(replaced, "bpf_probe_read_kernel"), i);
		assert_int_equal(!!strstr(replaced, "bpf_probe_read_user"), i);
		umount2("/proc/kallsyms", MNT_DETACH);
		free(replaced);
	}
	remove_directory(directory);
}

static void without_a_place_for_it_the_kernels_own_stays(void **state)
{
	struct target target = { .is_running = true };
	char *before, *after;

	(void)state;
	need_bpf();
	need_private_mounts();
	before = read_symbols();
	assert_int_equal(symbol_list_replace(&target, "/nonexistent"), -ENOENT);
	after = read_symbols();
	assert_true(strlen(after) > strlen(before) / 2);
	free(after);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_the_kernels_own_says),
		cmocka_unit_test(it_says_what_a_kernel_that_does_not_run_has),
		cmocka_unit_test(without_a_place_for_it_the_kernels_own_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
