// SPDX-License-Identifier: Apache-2.0
/* The table of processes: who is in it, who gives way, what is kept of them. */
#include <signal.h>
#include <string.h>

#include "features/process_table.h"
#include "features/process_tree.h"
#include "features/signal_name.h"
#include "support.h"

static void a_process_is_its_number_and_its_start(void **state)
{
	struct process_table table;
	struct process *first, *second;

	(void)state;
	assert_int_equal(process_table_init(&table, 8, 1000), 0);
	assert_null(process_table_find(&table, 5, 100));
	first = process_table_add(&table, 5, 100);
	second = process_table_add(&table, 5, 200);
	assert_ptr_equal(process_table_find(&table, 5, 100), first);
	assert_ptr_equal(process_table_find(&table, 5, 200), second);
	assert_null(process_table_find(&table, 6, 100));
	process_table_remove(&table, first);
	assert_null(process_table_find(&table, 5, 100));
	assert_ptr_equal(process_table_find(&table, 5, 200), second);
	process_table_free(&table);
}

/* Adds the processes 1 to count, each with so many bytes. */
static void fill(struct process_table *table, uint32_t count, size_t bytes)
{
	static const char data[1000];
	uint32_t i;

	for (i = 1; i <= count; i++)
		process_table_keep(table, process_table_add(table, i, i), data, bytes);
}

static void the_oldest_gives_way(void **state)
{
	struct process_table table;
	uint32_t i;

	(void)state;
	assert_int_equal(process_table_init(&table, 8, 1000), 0);
	fill(&table, 8, 1);
	assert_false(table.has_dropped);
	for (i = 1; i <= 8; i++)
		process_table_remove(&table, process_table_find(&table, i, i));
	assert_false(table.has_dropped);
	fill(&table, 20, 1);
	assert_true(table.has_dropped);
	for (i = 1; i <= 20; i++)
		assert_int_equal(!!process_table_find(&table, i, i), i > 12);
	assert_int_equal(table.bytes, 8);
	process_table_remove(&table, process_table_find(&table, 13, 13));
	process_table_remove(&table, process_table_find(&table, 20, 20));
	process_table_remove(&table, process_table_find(&table, 16, 16));
	process_table_add(&table, 30, 30);
	process_table_add(&table, 31, 31);
	process_table_add(&table, 32, 32);
	assert_non_null(process_table_find(&table, 14, 14));
	process_table_add(&table, 33, 33);
	assert_null(process_table_find(&table, 14, 14));
	process_table_free(&table);
}

static void data_is_bounded(void **state)
{
	struct process_table table;
	struct process *process;

	(void)state;
	assert_int_equal(process_table_init(&table, 8, 1000), 0);
	fill(&table, 5, 400);
	assert_true(table.has_dropped);
	assert_int_equal(table.bytes, 800);
	assert_null(process_table_find(&table, 3, 3));
	process = process_table_find(&table, 4, 4);
	process_table_keep(&table, process, "abc", 4);
	assert_string_equal(process->data, "abc");
	assert_int_equal(table.bytes, 404);
	process_table_keep(&table, process, table.buckets, 1001);
	assert_null(process->data);
	assert_int_equal(table.bytes, 400);
	process_table_remove(&table, process_table_find(&table, 5, 5));
	assert_int_equal(table.bytes, 0);
	process_table_free(&table);
}

static void the_oldest_keeps_its_own(void **state)
{
	struct process_table table;
	struct process *process;
	char data[900] = "x";

	(void)state;
	assert_int_equal(process_table_init(&table, 8, 1000), 0);
	fill(&table, 2, 400);
	process = process_table_find(&table, 1, 1);
	process_table_keep(&table, process, data, sizeof(data));
	assert_ptr_equal(process_table_find(&table, 1, 1), process);
	assert_string_equal(process->data, "x");
	assert_null(process_table_find(&table, 2, 2));
	process_table_free(&table);
}

static void signals_have_names(void **state)
{
	char text[SIGNAL_NAME];

	(void)state;
	assert_string_equal(signal_name(SIGSEGV, text), "SIGSEGV");
	assert_string_equal(signal_name(SIGSYS, text), "SIGSYS");
	assert_string_equal(signal_name(0, text), "SIG0");
	assert_string_equal(signal_name(33, text), "SIG33");
	assert_string_equal(signal_name(34, text), "SIGRTMIN+0");
	assert_string_equal(signal_name(64, text), "SIGRTMIN+30");
	assert_string_equal(signal_name(0x7f, text), "SIG127");
}

static void a_tree_is_drawn_by_depth(void **state)
{
	static const struct {
		uint32_t depth;
		bool has_boxes;
		const char *text;
	} lines[] = {
		{ 0, true, "" },    { 1, true, "" },	      { 2, false, "`- " },
		{ 2, true, "└─ " }, { 4, true, "      └─ " },
	};
	struct buffer line = {};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		buffer_append(&line, "", 1);
		buffer_reset(&line);
		process_tree_append(&line, lines[i].depth, lines[i].has_boxes);
		assert_int_equal(line.size, strlen(lines[i].text));
		assert_memory_equal(line.data, lines[i].text, line.size);
	}
	buffer_reset(&line);
	process_tree_append(&line, UINT32_MAX, false);
	assert_int_equal(line.size, 63);
	buffer_free(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_its_number_and_its_start),
		cmocka_unit_test(the_oldest_gives_way),
		cmocka_unit_test(data_is_bounded),
		cmocka_unit_test(the_oldest_keeps_its_own),
		cmocka_unit_test(signals_have_names),
		cmocka_unit_test(a_tree_is_drawn_by_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
