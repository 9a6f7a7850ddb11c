/* SPDX-License-Identifier: Apache-2.0 */
/* What this process is allowed to do: its effective capabilities (capabilities(7)). */
#ifndef SNOOPKIT_PRIVILEGES_H
#define SNOOPKIT_PRIVILEGES_H

#include <stdbool.h>

/* Whether the process has that capability, by its number (CAP_SYS_ADMIN) in effect. */
bool privileges_have(int capability);

/*
 * The capabilities that tracing needs and the process lacks, as words for a message; NULL where it
 * has them all. Kernels from 5.8 on have CAP_BPF and CAP_PERFMON; before, CAP_SYS_ADMIN is all of
 * it.
 */
const char *privileges_missing(void);

#endif
