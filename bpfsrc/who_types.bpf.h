/* SPDX-License-Identifier: GPL-2.0 */
/* What --who needs of the kernel's headers: before the kernel's READ is replaced. */
#include <linux/sched.h> /* first: in 4.15 cgroup-defs.h uses its types and does not include it */

#include <linux/cgroup-defs.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/mm_types.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/tty.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>
