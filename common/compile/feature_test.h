/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does this kernel have it? Questions about the kernel's types, answered from BTF or, where there
 * is none, by what clang says about a text that uses each of them. Distributions backport, so a
 * version number can't answer them.
 */
#ifndef SNOOPKIT_FEATURE_TEST_H
#define SNOOPKIT_FEATURE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_FEATURE_TESTS 32 /* of a tool: the answers are bits of a number */

struct feature_test {
	const char *define; /* what the program is compiled with when the answer is yes; the last
			       question has NULL here */
	/*
	 * "struct X", "union X", "enum X", "typedef X" or "func X"; "enum" alone for an enumerator
	 * of any enum, also of a nameless one.
	 */
	const char *type;
	/*
	 * The name of a member (also of a nameless struct or union in it), of an enumerator, or,
	 * for "func X", of a struct to which one of the parameters points. NULL: only whether the
	 * type exists.
	 */
	const char *member;
	const char *header; /* the kernel's header that declares it, NULL where none does */
};

/*
 * answers has an element for each question. btf_path as for btf_file_open(). Returns 0 or a
 * negative errno; all answers are then no.
 */
int feature_tests_ask_btf(const char *btf_path, const struct feature_test *feature_tests,
			  bool *kernel_has);

/*
 * The text to compile where there is no BTF: malloc'ed, NULL without memory. It compiles with
 * errors wherever an answer is no, and always with one at its end, so pass -ferror-limit=0; and
 * don't pass -w, which would silence some of them. What no header declares gets the answer no.
 */
char *feature_tests_source(const struct feature_test *feature_tests);

/*
 * Reads what clang said about that text. Errors in the headers don't matter as long as clang came
 * to the end of the text: -EBADMSG where it did not; all answers are then no.
 */
int feature_tests_read_diagnostics(const char *diagnostics,
				   const struct feature_test *feature_tests, bool *kernel_has);

#endif
