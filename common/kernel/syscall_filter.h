/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which syscalls this process can still make (seccomp(2)). A filter can't be taken away, and it
 * goes on to children. A refused call fails with EPERM: a C library that tries another call first,
 * and one that we do not know, must not end the tracing.
 *
 * The filters are written here, not by libseccomp, which takes longer to make one than a tool takes
 * to start.
 */
#ifndef SNOOPKIT_SYSCALL_FILTER_H
#define SNOOPKIT_SYSCALL_FILTER_H

#include <stdbool.h>

enum syscall_filter {
	/*
	 * For a tool whose probes are attached: what the tool does from then on and nothing else.
	 * Memory and open descriptors can be used; nothing can be opened, created, executed or
	 * connected, and no BPF program loaded.
	 */
	FILTER_TRACING,
	/* For the monitor's helper that reads hostile bytes: the same, and it can send its answer.
	 */
	FILTER_HELPER,
	/* For the monitor: no other program, no new namespace, no tracing of processes. */
	FILTER_MONITOR,
	/*
	 * For the compiler: the same; and no file can be opened for writing, no socket or process
	 * be made, and of bpf(2) only maps. geteuid(2) says 0, root, whoever the process is: libbcc
	 * reads the list of the kernel's functions for nobody else.
	 */
	FILTER_COMPILER,
};

/* Whether this kernel and this build have filters: see syscall_filter_set(). */
bool syscall_filter_is_available(void);

/*
 * To be called after no_new_privs was set. Returns 0 or a negative errno: -EINVAL or -ENOSYS where
 * the kernel has no filters (CONFIG_SECCOMP_FILTER), -ENOTSUP in a build with AddressSanitizer,
 * which makes syscalls of its own.
 */
int syscall_filter_set(enum syscall_filter filter);

#endif
