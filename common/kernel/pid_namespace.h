/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNOOPKIT_PID_NAMESPACE_H
#define SNOOPKIT_PID_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

/* The number by which the kernel knows this process's PID namespace; 0 if that can't be told. */
uint32_t pid_namespace_number(void);

/*
 * Whether this process is in the initial PID namespace, where its numbers of processes are those
 * that BPF programs see. False where that can't be told (no /proc).
 */
bool pid_namespace_is_initial(void);

#endif
