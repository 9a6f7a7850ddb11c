/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler's process may do. libbcc is made for root, and clang reads a source that
 * somebody else may have written.
 */
#ifndef SNOOPKIT_CONFINEMENT_H
#define SNOOPKIT_CONFINEMENT_H

#include <stdbool.h>

#include "base/error.h"

/* Far above what a compilation takes: 0.2 GB, and 30 s under software emulation. */
#define COMPILER_MEMORY	 (4ULL << 30) /* bytes of address space */
#define COMPILER_SECONDS 300	      /* of CPU time */

/*
 * Becomes another user, in a network namespace without a network, that may create BPF maps and read
 * what everybody may read, and no more: it can open no file for writing, execute nothing and make
 * no process. With reads_all it reads all files, for headers that are root's alone: only for a
 * source that is trusted. Returns 0 or a negative errno with a message.
 */
int confinement_begin(bool reads_all, struct error *error);

#endif
