// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/ksyms.h"
#include "support.h"

static const char text[] = "ffffffff81000000 T _stext\n"
			   "ffffffff81000010 t load_elf_binary\n"
			   "ffffffff81000020 t load_elf_binary.cold\n"
			   "ffffffff81000030 t load_elf_binary\n"
			   "ffffffff81000040 t __load_elf_binary\n"
			   "ffffffff81000050 t load_elf_binary_more\n"
			   "ffffffff81000060 d load_elf_binary\n"
			   "ffffffff81000070 B some_data\n"
			   "ffffffff81000080 W weak\n"
			   "ffffffff81000090 w weaker\n"
			   "ffffffffc0000000 t in_module\t[load_elf_binary]\n"
			   "ffffffffc0000010 t load_elf_binary\t[binfmt_elf]\n"
			   "ffffffffc0000020 T last";

static void every_copy_is_found(void **state)
{
	uint64_t addresses[8] = {};

	(void)state;
	assert_int_equal(ksyms_find_in(text, "load_elf_binary", addresses, 8), 3);
	assert_true(addresses[0] == 0xffffffff81000010);
	assert_true(addresses[1] == 0xffffffff81000030);
	assert_true(addresses[2] == 0xffffffffc0000010);
	assert_true(addresses[3] == 0);
}

static void no_more_are_stored_than_fit(void **state)
{
	uint64_t addresses[2] = { 0, 1 };

	(void)state;
	assert_int_equal(ksyms_find_in(text, "load_elf_binary", addresses, 1), 3);
	assert_true(addresses[1] == 1);
	assert_int_equal(ksyms_find_in(text, "load_elf_binary", NULL, 0), 3);
}

static void lines_of_all_kinds(void **state)
{
	uint64_t address;

	(void)state;
	assert_int_equal(ksyms_find_in(text, "_stext", &address, 1), 1);
	assert_true(address == 0xffffffff81000000);
	assert_int_equal(ksyms_find_in(text, "last", &address, 1), 1);
	assert_true(address == 0xffffffffc0000020);
	assert_int_equal(ksyms_find_in(text, "weak", &address, 1), 1);
	assert_int_equal(ksyms_find_in(text, "weaker", &address, 1), 1);
	assert_int_equal(ksyms_find_in(text, "in_module", &address, 1), 1);
}

static void what_is_no_function_of_that_name(void **state)
{
	static const char *const names[] = {
		"some_data", "load_elf", "elf_binary",	 "binfmt_elf",	      "stext",
		"t",	     "T",	 "[binfmt_elf]", "load_elf_binary\t", "ffffffff81000000"
	};
	uint64_t address;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(ksyms_find_in(text, names[i], &address, 1), -ENOENT);
	assert_int_equal(ksyms_find_in("", "a", &address, 1), -ENOENT);
	assert_int_equal(ksyms_find_in("a", "a", &address, 1), -ENOENT);
	assert_int_equal(ksyms_find_in("t a", "a", &address, 1), -ENOENT);
	assert_int_equal(ksyms_find_in(" t a\n", "aaaa", &address, 1), -ENOENT);
}

static void no_name_is_no_function(void **state)
{
	uint64_t address;

	(void)state;
	alarm(20);
	assert_int_equal(ksyms_find_in(text, "", &address, 1), -ENOENT);
	alarm(0);
}

static void hidden_addresses(void **state)
{
	uint64_t address = 5;

	(void)state;
	assert_int_equal(
		ksyms_find_in("0000000000000000 T a\n0000000000000000 T b\n", "b", &address, 1),
		-EPERM);
	assert_int_equal(ksyms_find_in("(null) T a\n", "a", &address, 1), -EPERM);
	assert_true(address == 5);
}

static void the_running_kernel(void **state)
{
	uint64_t address = 0;
	int count;

	(void)state;
	need_root();
	if (access("/proc/kallsyms", R_OK))
		skip_because("no /proc/kallsyms");
	count = ksyms_find("vfs_read", &address, 1);
	if (count == -EPERM)
		skip_because("kernel.kptr_restrict hides addresses");
	assert_int_equal(count, 1);
	assert_true(address >> 63);
	assert_int_equal(ksyms_find("no_such_function_in_any_kernel", &address, 1), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_copy_is_found),
		cmocka_unit_test(no_more_are_stored_than_fit),
		cmocka_unit_test(lines_of_all_kinds),
		cmocka_unit_test(what_is_no_function_of_that_name),
		cmocka_unit_test(no_name_is_no_function),
		cmocka_unit_test(hidden_addresses),
		cmocka_unit_test(the_running_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
