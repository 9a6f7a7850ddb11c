/* SPDX-License-Identifier: Apache-2.0 */
/* This process's effective capabilities (capabilities(7)). */
#ifndef SNOOPKIT_PRIVILEGES_H
#define SNOOPKIT_PRIVILEGES_H

#include <stdbool.h>

/* Whether a capability (CAP_SYS_ADMIN) is effective. */
bool privileges_have(int capability);

/*
 * The capabilities that tracing needs and the process lacks, as words for a message; NULL if it has
 * them all. Since 5.8 CAP_BPF and CAP_PERFMON are enough; before, CAP_SYS_ADMIN is needed.
 */
const char *privileges_missing(void);

#endif
