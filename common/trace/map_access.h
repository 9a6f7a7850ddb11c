/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps of a running tool, once it has given up its privileges.
 *
 * Kernels before 5.19 refuse all of bpf(2), also on open descriptors, to a process without CAP_BPF
 * (before 5.8: CAP_SYS_ADMIN) where kernel.unprivileged_bpf_disabled is set. There the monitor
 * makes the calls on maps, and keys and values are in memory that it shares with the tool.
 */
#ifndef SNOOPKIT_MAP_ACCESS_H
#define SNOOPKIT_MAP_ACCESS_H

#include <stdbool.h>

#include "trace/loader.h"

/*
 * Before the process gives up its capabilities: asks the kernel, and if it must, offers the calls
 * to the monitor. The loader must outlive the process's tracing.
 */
void map_access_offer(const struct loader *loader);

/* Whether the monitor has to make the calls. */
bool map_access_is_refused(void);

/* After the monitor has started, in the process that asks it: bpf_lookup() and so on do from now
 * on. */
void map_access_begin(void);

#endif
