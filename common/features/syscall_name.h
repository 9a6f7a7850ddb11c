/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNOOPKIT_SYSCALL_NAME_H
#define SNOOPKIT_SYSCALL_NAME_H

#include <stdbool.h>

/*
 * A syscall's name, malloc'ed, by libseccomp: of the 32-bit table if compat. "syscall_NUMBER" where
 * it does not know the number; NULL without memory. A tool that uses this links libseccomp.
 */
char *syscall_name(int number, bool compat);

#endif
