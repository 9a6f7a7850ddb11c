/* SPDX-License-Identifier: GPL-2.0 */
/* Reads the values by which one task's identity is told from another. */
#include "who_get.bpf.h"

/* Where private structs have their number: see my_mount_namespace(). */
#define WHO_MOUNT_NAMESPACE_NUMBER                                  \
	((offsetof(struct uts_namespace, name) ? sizeof(u64) : 0) + \
	 offsetof(struct ns_common, inum))

static __always_inline void who_read_user_namespace(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;
	u64 cred = WHO_GET(struct task_struct, task, cred);
	u64 namespace = WHO_GET(struct cred, cred, user_ns);

	to->user_namespace = WHO_GET(struct user_namespace, namespace, ns.inum);
}

static __always_inline void who_read_login(bool loads, u64 task, struct who_values *to)
{
#ifdef HAVE_LOGINUID
	u64 *got = &to->got;

	to->auid = WHO_GET(struct task_struct, task, loginuid.val);
	to->session = WHO_GET(struct task_struct, task, sessionid);
#endif
}

static __always_inline void who_read_security(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;

	to->flags = WHO_GET(struct task_struct, task, flags) & WHO_OF_KERNEL;
	to->attributes = WHO_GET(struct task_struct, task, atomic_flags) & WHO_NO_NEW_PRIVILEGES;
#ifdef HAVE_SECCOMP_MODE
	to->seccomp = WHO_GET(struct task_struct, task, seccomp.mode);
#endif
}

static __always_inline void who_read_parent(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;
	u64 parent = WHO_GET(struct task_struct, task, real_parent);

	to->parent = WHO_GET(struct task_struct, parent, tgid);
	to->parent_start = WHO_GET(struct task_struct, parent, WHO_START);
	to->parent_exec_id = WHO_GET(struct task_struct, parent, self_exec_id);
}

/* The number of a struct pid in the initial namespace. */
static __always_inline u32 who_number_of(bool loads, u64 pid, u64 *got)
{
	return pid ? WHO_GET(struct pid, pid, numbers[0].nr) : 0;
}

/* Since 4.19 a process has the numbers of its group and session together, before each thread. */
static __always_inline void who_read_session(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;
	u64 signal = WHO_GET(struct task_struct, task, signal);
	u64 tty = WHO_GET(struct signal_struct, signal, tty);
#ifdef HAVE_SIGNAL_PIDS
	u64 session = WHO_GET(struct signal_struct, signal, pids[PIDTYPE_SID]);
	u64 group = WHO_GET(struct signal_struct, signal, pids[PIDTYPE_PGID]);
#else
	u64 leader = WHO_GET(struct task_struct, task, group_leader);
	u64 session = WHO_GET(struct task_struct, leader, pids[PIDTYPE_SID].pid);
	u64 group = WHO_GET(struct task_struct, leader, pids[PIDTYPE_PGID].pid);
#endif

	to->sid = who_number_of(loads, session, got);
	to->pgid = who_number_of(loads, group, got);
	to->tty = tty;
	to->tty_index = tty ? WHO_GET(struct tty_struct, tty, index) : 0;
}

static __always_inline void who_read_namespaces(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;
	u64 all = WHO_GET(struct task_struct, task, nsproxy);
	u64 mount = all ? WHO_GET(struct nsproxy, all, mnt_ns) : 0;
	u64 network = all ? WHO_GET(struct nsproxy, all, net_ns) : 0;

	to->mount_namespace = mount ? WHO_GET_AT(mount, WHO_MOUNT_NAMESPACE_NUMBER, u32) : 0;
	to->network_namespace = network ? WHO_GET(struct net, network, ns.inum) : 0;
}

/*
 * Where version 1 is in use, a task is in a cgroup of each of its hierarchies, and often in none of
 * version 2. Runtimes of containers give all of them the same name: this is that of the first
 * controller, cpuset in distributions' kernels.
 */
static __always_inline u64 who_first_cgroup(bool loads, u64 set, u64 *got)
{
	u64 state = WHO_GET(struct css_set, set, subsys[0]);

	return state ? WHO_GET(struct cgroup_subsys_state, state, cgroup) : 0;
}

/* Of version 2, unless that is the root. */
static __always_inline void who_read_cgroup(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;
	u64 set = WHO_GET(struct task_struct, task, cgroups);
	u64 cgroup = set ? WHO_GET(struct css_set, set, dfl_cgrp) : 0;
	u64 node = cgroup ? WHO_GET(struct cgroup, cgroup, kn) : 0;

	if (node && !WHO_GET(struct kernfs_node, node, WHO_KERNFS_PARENT)) {
		cgroup = who_first_cgroup(loads, set, got);
		if (cgroup)
			node = WHO_GET(struct cgroup, cgroup, kn);
	}
	to->cgroup = node;
	/* A union of 8 bytes before 5.5. */
	to->cgroup_id = node ? WHO_GET_AT(node, offsetof(struct kernfs_node, id), u64) : 0;
}

static __always_inline void who_read_exe(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;
	u64 mm = to->flags ? 0 : WHO_GET(struct task_struct, task, mm);
	u64 file = mm ? WHO_GET(struct mm_struct, mm, exe_file) : 0, inode, dentry, super_block;

	to->exe = file;
	to->exe_inode = to->exe_directory = to->exe_device = to->exe_removed = 0;
	if (!file)
		return;
	inode = WHO_GET(struct file, file, f_inode);
	dentry = WHO_GET(struct file, file, f_path.dentry);
	super_block = WHO_GET(struct inode, inode, i_sb);
	to->exe_inode = WHO_GET(struct inode, inode, i_ino);
	to->exe_device = WHO_GET(struct super_block, super_block, s_dev);
	to->exe_directory = WHO_GET(struct dentry, dentry, d_parent);
	to->exe_removed = !WHO_GET(struct dentry, dentry, d_hash.pprev);
}

/* What this kernel does not have is zero in to already. */
static __always_inline void who_read_values(bool loads, u64 task, struct who_values *to)
{
	u64 *got = &to->got;

	to->start = WHO_GET(struct task_struct, task, WHO_START);
	to->exec_id = WHO_GET(struct task_struct, task, self_exec_id);
	to->tgid = WHO_GET(struct task_struct, task, tgid);
	who_read_security(loads, task, to);
	who_read_parent(loads, task, to);
	who_read_credentials(loads, task, &to->got, &to->credentials);
	who_read_user_namespace(loads, task, to);
	who_read_login(loads, task, to);
	who_read_session(loads, task, to);
	who_read_namespaces(loads, task, to);
	who_read_cgroup(loads, task, to);
	who_read_exe(loads, task, to);
}

/* The current task's. */
static __always_inline void who_read_mine(struct who_values *to)
{
	if (WHO_CAN_LOAD)
		who_read_values(true, my_cast_task(), to);
	else
		who_read_values(false, (u64)my_task(), to);
}
