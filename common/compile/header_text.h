/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feature tests by the text of the kernel's headers. clang needs as long to answer them as for a
 * whole program, because it parses all that these headers include.
 */
#ifndef SNOOPKIT_HEADER_TEXT_H
#define SNOOPKIT_HEADER_TEXT_H

#include <stdbool.h>

#include "compile/feature_test.h"

/*
 * kernel_has gets the result of each test. roots are trees of headers, up to a NULL; the first one
 * has the configuration, and is looked into first. Returns false if the text does not tell: a
 * member stands in a macro or behind a condition that is more than the name of an option; or the
 * type is not in its header. Then clang is to be asked.
 */
bool feature_tests_read_text(const char *const *roots, const struct feature_test *feature_tests,
			     bool *kernel_has);

#endif
