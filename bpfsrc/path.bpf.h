/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way from a file up to the task's root, across mounts: the name of each directory goes into
 * the event's strings, and the tool puts them together (common/features/path_text.h). It is the
 * kernel's own way, prepend_path() in fs/d_path.c, but without its locks: a directory that is
 * renamed at that very moment may be shown by either name.
 */
#include <linux/dcache.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/sched.h>
#include "path_names.h"

#define PATH_NAME_SIZE 256 /* NAME_MAX and a NUL */

/*
 * How far the way up is followed: so many names and then a mount, if one is to be left there, and
 * all that so many times. It is unrolled, and two walks must fit into 4,096 instructions.
 */
#define PATH_NAMES_TOGETHER 3
#define PATH_ROUNDS	    13

/*
 * struct mount is private to the kernel (fs/mount.h). This is what it starts with, the same in all
 * kernels from 4.15 to 7.2. What the kernel hands out is the address of its mnt.
 */
struct mount_place {
	struct mount_start *parent; /* itself: the mount is mounted nowhere */
	struct dentry *mountpoint;
	struct dentry *top; /* mnt.mnt_root, where a struct vfsmount starts */
};

struct mount_start {
	struct hlist_node hash;
	struct mount_place place;
};

/* The part of a struct dentry that leads up: d_parent and d_name are neighbours. */
struct dentry_place {
	struct dentry *parent; /* itself: there is no directory above */
	struct qstr name;
};

_Static_assert(offsetof(struct dentry, d_name) - offsetof(struct dentry, d_parent) ==
		       offsetof(struct dentry_place, name),
	       "d_parent and d_name are not neighbours");
_Static_assert(offsetof(struct vfsmount, mnt_root) == 0, "mnt_root is not the first");

/* Appends a string of less than max bytes; false where so many might not fit. */
static __always_inline bool append_string(struct strings *strings, const void *string, u32 max)
{
	u64 at = strings->size;
	int size;

	if (at > STRINGS_SIZE - max)
		return false;
	size = bpf_probe_read_str(strings->bytes + at, max, string);
	if (size > 0)
		strings->size = at + size;
	return true;
}

/* Where the way up has got to. */
struct climb {
	struct dentry *dentry;
	struct dentry *top; /* of the mount, or the task's root in it */
	struct mount_start *mount;
	struct mount_start *root_mount;
	struct dentry *root;
	u32 *end; /* why there was no more: PATH_CUT unless set */
};

/* By numbers, for what LLVM makes of pointers depends on the size of struct vfsmount. */
static __always_inline struct mount_start *mount_of(struct vfsmount *mnt)
{
	return (void *)((u64)mnt - offsetof(struct mount_start, place.top));
}

static __always_inline void enter_mount(struct climb *climb, struct mount_start *mount)
{
	climb->mount = mount;
	climb->top = mount == climb->root_mount ? climb->root : READ(mount->place.top);
}

/* Unless at the top of a mount: a name, and on to its directory. False: that was the end. */
static __always_inline bool leave_directory(struct climb *climb, struct strings *strings)
{
	struct dentry *dentry = climb->dentry;
	struct dentry_place up;

	if (dentry == climb->top)
		return true;
	bpf_probe_read(&up, sizeof(up), &dentry->d_parent);
	if (!append_string(strings, up.name.name, PATH_NAME_SIZE))
		return false;
	climb->dentry = up.parent;
	if (up.parent != dentry)
		return true;
	*climb->end = PATH_OUTSIDE;
	return false;
}

/* At the top of a mount: an empty name, and on to the directory that the mount covers. */
static __always_inline bool leave_mount(struct climb *climb, struct strings *strings)
{
	struct mount_start *mount = climb->mount;
	struct mount_place place;
	u64 at = strings->size;

	if (climb->dentry != climb->top)
		return true;
	if (mount == climb->root_mount) {
		*climb->end = PATH_TO_ROOT;
		return false;
	}
	if (at >= STRINGS_SIZE)
		return false;
	strings->bytes[at] = '\0';
	strings->size = at + 1;
	place = READ(mount->place);
	if (place.parent == mount) {
		*climb->end = PATH_OUTSIDE;
		return false;
	}
	climb->dentry = place.mountpoint;
	enter_mount(climb, place.parent);
	return true;
}

static __always_inline void climb_up(struct climb *climb, struct strings *strings)
{
	int i, k;

#pragma unroll
	for (i = 0; i < PATH_ROUNDS; i++) {
#pragma unroll
		for (k = 0; k < PATH_NAMES_TOGETHER; k++)
			if (!leave_directory(climb, strings))
				return;
		if (!leave_mount(climb, strings))
			return;
	}
}

/* Appends the names of the path to mnt's file dentry. */
static __always_inline void append_path(struct strings *strings, struct path_names *names,
					struct vfsmount *mnt, struct dentry *dentry)
{
	struct fs_struct *fs = READ(my_task()->fs);
	struct climb climb = {
		.dentry = dentry,
		.root_mount = mount_of(READ(fs->root.mnt)),
		.root = READ(fs->root.dentry),
		.end = &names->end,
	};

	enter_mount(&climb, mount_of(mnt));
	names->offset = strings->size;
	names->deleted = !READ(dentry->d_hash.pprev);
	names->end = PATH_CUT;
	climb_up(&climb, strings);
	names->size = strings->size - names->offset;
}

/* The same of the task's working directory. */
static __always_inline void append_working_directory(struct strings *strings,
						     struct path_names *names)
{
	struct fs_struct *fs = READ(my_task()->fs);

	append_path(strings, names, READ(fs->pwd.mnt), READ(fs->pwd.dentry));
}
