/* SPDX-License-Identifier: GPL-2.0 */
/* --cgroupmap, --mntnsmap: the user's pinned map replaces ours; only tasks in it are traced. */
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/utsname.h>

BPF_TABLE("hash", u64, u64, cgroup_set, 1);
BPF_TABLE("hash", u64, u32, mount_namespace_set, 1);

/*
 * struct mnt_namespace is private to the kernel. It starts with its struct ns_common; before 5.11 a
 * reference count comes first. 5.11 moved the reference counts of all namespace types at once, so
 * the public struct uts_namespace shows which layout this kernel has.
 */
static __always_inline u64 my_mount_namespace(void)
{
	struct nsproxy *nsproxy = READ(my_task()->nsproxy);
	char *namespace = (char *)READ(nsproxy->mnt_ns);
	struct ns_common *common;

	common = (void *)(namespace + (offsetof(struct uts_namespace, name) ? sizeof(u64) : 0));
	return READ(common->inum);
}

/*
 * Before 5.5 a cgroup's ID has a generation in its upper half, and only the lower one is the number
 * that the user sees as its directory's inode. So either of the two may be in the map.
 */
static __always_inline bool in_cgroup_set(void)
{
	u64 id = bpf_get_current_cgroup_id(), inode = (u32)id;

	return cgroup_set.lookup(&id) || cgroup_set.lookup(&inode);
}

static __always_inline bool in_wanted_namespace(void)
{
	u64 id;

	if (PARAM(PARAM_CGROUP_SET) && !in_cgroup_set())
		return false;
	if (PARAM(PARAM_MOUNT_NAMESPACE_SET)) {
		id = my_mount_namespace();
		if (!mount_namespace_set.lookup(&id))
			return false;
	}
	return true;
}
