// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "features/stack_text.h"
#include "support.h"

static char *shown;

static const char *user_text(struct stack_text *text, const void *address)
{
	struct buffer line = {};

	stack_text_user(text, (uintptr_t)address, &line);
	free(shown);
	shown = buffer_take_string(&line);
	return shown;
}

static const char *kernel_text(struct stack_text *text, uint64_t address)
{
	struct buffer line = {};

	stack_text_kernel(text, address, &line);
	free(shown);
	shown = buffer_take_string(&line);
	return shown;
}

static bool looks_at_itself(struct stack_text *text)
{
	stack_text_look_at(text, (uint32_t)getpid());
	return text->maps;
}

static void test_functions_of_this_program(void **state)
{
	const char *function = (const char *)&test_functions_of_this_program;
	struct stack_text text = {};

	(void)state;
	/* Not in a PID namespace. */
	if (!looks_at_itself(&text))
		skip();
	assert_string_equal(user_text(&text, function),
			    "test_functions_of_this_program+0x0 [test_stack_text]");
	assert_string_equal(user_text(&text, function + 3),
			    "test_functions_of_this_program+0x3 [test_stack_text]");
	stack_text_free(&text);
}

static void test_functions_of_a_library(void **state)
{
	struct stack_text text = {};

	(void)state;
	if (!looks_at_itself(&text))
		skip();
	assert_non_null(strstr(user_text(&text, (const char *)&getpid + 1), "getpid+0x1 ["));
	stack_text_free(&text);
}

static void test_what_is_no_function(void **state)
{
	struct stack_text text = {};
	char on_stack;

	(void)state;
	assert_string_equal(user_text(&text, (void *)0x1234), "0x1234 [unknown]");
	if (!looks_at_itself(&text))
		skip();
	assert_non_null(strstr(user_text(&text, &on_stack), " [unknown]"));
	assert_string_equal(user_text(&text, (void *)0x10), "0x10 [unknown]");
	stack_text_free(&text);
}

static void test_mappings_are_named_by_their_files_alone(void **state)
{
	static const char maps[] = "1000-2000 r-xp 00000000 00:00 0  [anon:/lib/libc.so.6]\n"
				   "2000-3000 r-xp 00000000 00:00 0 \n"
				   "3000-4000 r-xp 00001000 08:01 77    /nowhere/a file\n"
				   "no line of it\n"
				   "5000-6000 r-xp 00000000 08:01 78    /nowhere/other (deleted)";
	struct stack_text text = { .maps = strdup(maps) };

	(void)state;
	assert_string_equal(user_text(&text, (void *)0x1010), "0x1010 [unknown]");
	assert_string_equal(user_text(&text, (void *)0x2010), "0x2010 [unknown]");
	assert_string_equal(user_text(&text, (void *)0x3010), "0x1010 [a file]");
	assert_string_equal(user_text(&text, (void *)0x4000), "0x4000 [unknown]");
	assert_string_equal(user_text(&text, (void *)0x5fff), "0xfff [other (deleted)]");
	stack_text_free(&text);
}

/* A process can make many: only so much of the list is read, and whole lines of it. */
static void test_very_many_mappings(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 30000, i;
	char *memory = mmap(NULL, count * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct stack_text text = {};

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	for (i = 0; i < count; i += 2)
		assert_int_equal(mprotect(memory + i * page, page, PROT_NONE), 0);
	if (!looks_at_itself(&text))
		skip();
	assert_between(strlen(text.maps), 400 * 1024, 600 * 1024);
	assert_int_equal(text.maps[strlen(text.maps) - 1], '\n');
	munmap(memory, count * page);
	stack_text_free(&text);
}

static void test_a_process_that_is_gone(void **state)
{
	struct stack_text text = {};

	(void)state;
	stack_text_look_at(&text, UINT32_MAX);
	assert_null(text.maps);
	assert_string_equal(user_text(&text, (void *)0x99), "0x99 [unknown]");
	stack_text_free(&text);
}

static void test_functions_of_the_kernel(void **state)
{
	struct stack_text text = { .kernel_is_read = true };

	(void)state;
	assert_int_equal(ksym_table_parse(&text.kernel, strdup("ffffffff81000000 T in_kernel\n"
							       "ffffffffc0000000 t far\t[mod]\n")),
			 0);
	assert_string_equal(kernel_text(&text, 0xffffffff81000010), "in_kernel+0x10 [kernel]");
	assert_string_equal(kernel_text(&text, 0xffffffffc0000000), "far+0x0 [mod]");
	assert_string_equal(kernel_text(&text, 0xffffffff81200000), "0xffffffff81200000 [unknown]");
	assert_string_equal(kernel_text(&text, 16), "0x10 [unknown]");
	stack_text_free(&text);
}

static int free_shown(void **state)
{
	(void)state;
	free(shown);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_of_this_program),
		cmocka_unit_test(test_functions_of_a_library),
		cmocka_unit_test(test_what_is_no_function),
		cmocka_unit_test(test_mappings_are_named_by_their_files_alone),
		cmocka_unit_test(test_very_many_mappings),
		cmocka_unit_test(test_a_process_that_is_gone),
		cmocka_unit_test(test_functions_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, free_shown);
}
