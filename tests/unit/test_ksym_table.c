// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "kernel/ksym_table.h"
#include "support.h"

static const char text[] = "ffffffff81000300 T third\n"
			   "ffffffff81000100 T first\n"
			   "ffffffff81000180 D data_in_between\n"
			   "ffffffff81000200 t second\n"
			   "ffffffff81000200 T alias_of_second\n"
			   "ffffffffc0000000 t in_module\t[nf_tables]\n"
			   "not a line of it\n";

static void parse(struct ksym_table *table, const char *from)
{
	assert_int_equal(ksym_table_parse(table, strdup(from)), 0);
}

static void test_functions_are_found_by_address(void **state)
{
	struct ksym_table table;

	(void)state;
	parse(&table, text);
	assert_int_equal(table.count, 5);
	assert_null(ksym_table_at(&table, 0xffffffff810000ffULL));
	assert_string_equal(ksym_table_at(&table, 0xffffffff81000100ULL)->name, "first");
	assert_string_equal(ksym_table_at(&table, 0xffffffff810001ffULL)->name, "first");
	assert_string_equal(ksym_table_at(&table, 0xffffffff81000300ULL)->name, "third");
	assert_null(ksym_table_at(&table, 0xffffffff81000300ULL)->module);
	assert_string_equal(ksym_table_at(&table, UINT64_MAX)->name, "in_module");
	assert_string_equal(ksym_table_at(&table, UINT64_MAX)->module, "nf_tables");
	ksym_table_free(&table);
}

static void test_a_function_ends_where_the_next_begins(void **state)
{
	struct ksym_table table;
	uint64_t start, size;

	(void)state;
	parse(&table, text);
	assert_int_equal(ksym_table_find(&table, "first", &start, &size), 0);
	assert_int_equal(start, 0xffffffff81000100ULL);
	assert_int_equal(size, 0x100);
	/* Not at its alias, which has the same address. */
	assert_int_equal(ksym_table_find(&table, "second", &start, &size), 0);
	assert_int_equal(size, 0x100);
	assert_int_equal(ksym_table_find(&table, "in_module", &start, &size), 0);
	assert_int_equal(size, 1);
	assert_int_equal(ksym_table_find(&table, "data_in_between", &start, &size), -ENOENT);
	ksym_table_free(&table);
}

static void test_hidden_addresses_are_an_error(void **state)
{
	struct ksym_table table;

	(void)state;
	assert_int_equal(ksym_table_parse(&table, strdup("0000000000000000 T first\n")), -EPERM);
	assert_int_equal(table.count, 0);
	assert_int_equal(ksym_table_parse(&table, strdup("")), -EPERM);
	assert_null(ksym_table_at(&table, 1));
}

static void test_damaged_lines_are_left_out(void **state)
{
	struct ksym_table table;

	(void)state;
	parse(&table, "ffffffff81000100\nffffffff81000100 T\nffffffff81000200 T whole\n\n \n"
		      "ffffffff81000300 T cut\t[");
	assert_int_equal(table.count, 2);
	assert_string_equal(ksym_table_at(&table, UINT64_MAX)->module, "");
	ksym_table_free(&table);
}

static void test_the_running_kernel(void **state)
{
	struct ksym_table table;
	uint64_t start, size;

	(void)state;
	/* Hidden where these tests do not run as root. */
	if (ksym_table_read(&table))
		skip();
	assert_int_equal(ksym_table_find(&table, "cap_capable", &start, &size), 0);
	assert_string_equal(ksym_table_at(&table, start + size - 1)->name, "cap_capable");
	ksym_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_are_found_by_address),
		cmocka_unit_test(test_a_function_ends_where_the_next_begins),
		cmocka_unit_test(test_hidden_addresses_are_an_error),
		cmocka_unit_test(test_damaged_lines_are_left_out),
		cmocka_unit_test(test_the_running_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
