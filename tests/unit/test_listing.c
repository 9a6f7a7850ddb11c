// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "compile/listing.h"
#include "support.h"

static char messages[] =
	"a warning: Disassembly of function x\n"
	"Disassembly of function on_exec\n"
	"; u32 zero = 0; // Line 1 // Line  12\n"
	"   0:	bf 17 00 00 00 00 00 00	r7 = r1\n"
	"   1:	18 11 00 00 fd ff ff ff 00 00 00 00 00 00 00 00	ld_pseudo	r1\n"
	"; { // Line1300\n"
	"   3:	95 00 00 00 00 00 00 00	exit\n"
	"\n"
	"Disassembly of function on_exec_raw\n"
	"   0:	95 00 00 00 00 00 00 00	exit\n"
	"; after all // Line   7\n"
	"9999:	95 00 00 00 00 00 00 00	exit\n";

static void instructions_get_their_lines(void **state)
{
	static const uint32_t expected[] = { 12, 12, 12, 1300 };
	char *listing = listing_find(messages);
	uint32_t *lines;
	(void)state;

	assert_non_null(listing);
	lines = listing_lines(listing, "on_exec", 4);
	assert_memory_equal(lines, expected, sizeof(expected));
	free(lines);
	lines = listing_lines(listing, "on_exec_raw", 2);
	assert_int_equal(lines[0], 0);
	assert_int_equal(lines[1], 0);
	free(lines);
	assert_null(listing_lines(listing, "on_exe", 4));
}

/* Of libbcc 0.18. */
static void an_older_library_lists_sections(void **state)
{
	char text[] = "Disassembly of section .bpf.fn.on_exec_raw:\n"
		      ".bpf.fn.on_exec_raw:\n"
		      "; return 0; // Line   7\n"
		      "   0:	95 00 00 00 00 00 00 00	exit\n"
		      "Disassembly of section .bpf.fn.on_exec:\n"
		      ".bpf.fn.on_exec:\n"
		      "; return 1; // Line   9\n"
		      "   0:	95 00 00 00 00 00 00 00	exit\n";
	uint32_t *lines = listing_lines(listing_find(text), "on_exec", 1);
	(void)state;

	assert_non_null(lines);
	assert_int_equal(lines[0], 9);
	free(lines);
}

static void what_is_no_listing(void **state)
{
	char text[] = "my.c:3: Disassembly of function x\n";
	(void)state;

	assert_null(listing_find(text));
	assert_null(listing_lines("", "x", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_get_their_lines),
		cmocka_unit_test(an_older_library_lists_sections),
		cmocka_unit_test(what_is_no_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
