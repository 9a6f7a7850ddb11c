/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs expect from kernel headers besides the kernel's own types. The texts are the same
 * for every kernel.
 */
#ifndef SNOOPKIT_BASE_HEADERS_H
#define SNOOPKIT_BASE_HEADERS_H

#include <stdbool.h>

/* The plain integer types. libbcc's headers need them. */
extern const char base_types[];

/* Macros, which BTF does not have. */
extern const char base_macros[];

/*
 * The typedefs that a tracepoint's format file may name, up to a NULL. libbcc builds the struct of
 * a tracepoint's arguments from that file, so the program's text does not name the typedef.
 */
extern const char *const tracepoint_typedefs[];

bool is_tracepoint_typedef(const char *name);

#endif
