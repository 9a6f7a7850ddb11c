/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feature tests: does the running kernel have a certain type, member, enumerator or parameter? The
 * version number does not tell, because distributions backport. BTF does; without BTF the text of
 * the headers mostly does (header_text.h), and else clang, by its errors for a text that uses each
 * of them.
 */
#ifndef SNOOPKIT_FEATURE_TEST_H
#define SNOOPKIT_FEATURE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_FEATURE_TESTS 32 /* of a tool: an image stores the results as bits of a uint32_t */

struct feature_test {
	/*
	 * The macro that is defined for the program if the kernel passes the test. NULL ends an
	 * array of tests.
	 */
	const char *define;
	/*
	 * "struct X", "union X", "enum X", "typedef X" or "func X". "enum" alone: the enumerator
	 * may belong to any enum, also to a nameless one.
	 */
	const char *type;
	/*
	 * The name that the type must have: of a member (also of a nameless struct or union in it),
	 * of an enumerator, or for "func X" of a struct that one of the parameters points to. NULL:
	 * it is enough that the type exists.
	 */
	const char *member;
	/*
	 * The kernel's headers that declare it, of several kernels, separated by spaces: that with
	 * its text, not one that includes that. NULL: none does, and a test of headers fails.
	 */
	const char *header;
};

/*
 * Tests the types in BTF. kernel_has gets the result of each test. btf_path is as for
 * btf_file_open(). Returns 0 or a negative errno; then all results are false.
 */
int feature_tests_ask_btf(const char *btf_path, const struct feature_test *feature_tests,
			  bool *kernel_has);

/*
 * The source to compile where there is no BTF: malloc'ed, NULL without memory. Each failed test
 * gives errors, and the last line always gives one. So compile it with -ferror-limit=0 and without
 * -w, which would silence some of them.
 */
char *feature_tests_source(const struct feature_test *feature_tests);

/*
 * Reads the results from clang's messages about that source. Returns 0, -ENOMEM, or -EBADMSG if
 * clang did not reach the last line; then all results are false. Errors in the headers themselves
 * do not matter.
 */
int feature_tests_read_diagnostics(const char *diagnostics,
				   const struct feature_test *feature_tests, bool *kernel_has);

#endif
