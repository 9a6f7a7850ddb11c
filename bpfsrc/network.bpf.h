/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's headers of sockets and packets. They use the kernel's READ: include this before
 * prelude.bpf.h.
 *
 * libbcc puts a bpf.h of its own in place of the kernel's uapi/linux/bpf.h. Where it is older than
 * the kernel, linux/bpf.h and linux/filter.h don't compile. They are left out: their guards are
 * defined, and the others only have pointers to what they declare. Before 5.16 they need more of
 * it, which had no header of its own.
 */
#if __has_include(<linux/bpf-cgroup-defs.h>)
#define _LINUX_BPF_H 1
#define __LINUX_FILTER_H__
#define _BPF_CGROUP_H
#endif

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/inet_sock.h>
#include <net/route.h>
#include <net/sock.h>
