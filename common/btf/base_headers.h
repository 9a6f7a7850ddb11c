/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs expect of every kernel's headers beside its own types: texts that are the same for
 * each kernel.
 */
#ifndef SNOOPKIT_BASE_HEADERS_H
#define SNOOPKIT_BASE_HEADERS_H

#include <stdbool.h>

/* Definitions of the plain integer types, without which libbcc's headers can't be read. */
extern const char base_types[];

/* What BTF does not have: macros. */
extern const char base_macros[];

/*
 * Whether a typedef may stand in a tracepoint's format file: libbcc makes the fields of a
 * tracepoint's arguments of what it reads there, without the program's text naming it.
 */
bool is_tracepoint_typedef(const char *name);

#endif
