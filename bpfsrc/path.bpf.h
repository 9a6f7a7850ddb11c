/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walks from a file up to the task's root, across mounts, and appends the name of each directory to
 * the event's strings. The tool joins the names (common/features/path_text.h). The walk is that of
 * prepend_path() in fs/d_path.c without the locks: a directory that is renamed during the walk is
 * shown by its old or its new name.
 */
#include <linux/dcache.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/sched.h>
#include "path_names.h"

#define PATH_NAME_SIZE 256 /* NAME_MAX and a NUL */

/*
 * Limits of the walk: in each of PATH_ROUNDS rounds it passes up to PATH_NAMES_TOGETHER names, then
 * at most one mount. The loops are unrolled, and two walks must fit into 4,096 instructions.
 */
#define PATH_NAMES_TOGETHER 3
#define PATH_ROUNDS	    13

/*
 * The first members of struct mount, which is private to the kernel (fs/mount.h); they are the same
 * in all kernels from 4.15 to 7.2. A struct vfsmount pointer points to its member mnt.
 */
struct mount_links {
	struct mount_start *mnt_parent; /* the mount itself: it is mounted nowhere */
	struct dentry *mnt_mountpoint;
	struct dentry *mnt_root; /* the first member of mnt */
};

struct mount_start {
	struct hlist_node mnt_hash;
	struct mount_links links;
};

/* The neighbours d_parent and d_name of struct dentry, for a single read. */
struct dentry_links {
	struct dentry *d_parent; /* the dentry itself: it has no parent */
	struct qstr d_name;
};

_Static_assert(offsetof(struct dentry, d_name) - offsetof(struct dentry, d_parent) ==
		       offsetof(struct dentry_links, d_name),
	       "d_parent and d_name are not neighbours");
_Static_assert(offsetof(struct vfsmount, mnt_root) == 0, "mnt_root is not the first member");

/* Appends a string, cut to max bytes with its NUL; false if max bytes do not fit. */
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

/* The position of a walk. */
struct walk {
	struct dentry *dentry;
	struct dentry *top; /* of the mount: its root, or the task's root if that is in it */
	struct mount_start *mount;
	struct mount_start *root_mount;
	struct dentry *root;
	u32 *end; /* why the walk ended, an enum path_end: PATH_CUT unless set */
};

/* On integers: LLVM's code for pointers would depend on the size of struct vfsmount. */
static __always_inline struct mount_start *mount_of(struct vfsmount *mnt)
{
	return (void *)((u64)mnt - offsetof(struct mount_start, links.mnt_root));
}

static __always_inline void enter_mount(struct walk *walk, struct mount_start *mount)
{
	walk->mount = mount;
	walk->top = mount == walk->root_mount ? walk->root : READ(mount->links.mnt_root);
}

/* Below the mount's top: appends a name and moves to its directory. False: the walk has ended. */
static __always_inline bool leave_directory(struct walk *walk, struct strings *strings)
{
	struct dentry *dentry = walk->dentry;
	struct dentry_links up;

	if (dentry == walk->top)
		return true;
	bpf_probe_read(&up, sizeof(up), &dentry->d_parent);
	if (!append_string(strings, up.d_name.name, PATH_NAME_SIZE))
		return false;
	walk->dentry = up.d_parent;
	if (up.d_parent != dentry)
		return true;
	*walk->end = PATH_OUTSIDE;
	return false;
}

/* At the mount's top: appends an empty name and moves to the mount point. False: it ended. */
static __always_inline bool leave_mount(struct walk *walk, struct strings *strings)
{
	struct mount_start *mount = walk->mount;
	struct mount_links links;
	u64 at = strings->size;

	if (walk->dentry != walk->top)
		return true;
	if (mount == walk->root_mount) {
		*walk->end = PATH_TO_ROOT;
		return false;
	}
	if (at >= STRINGS_SIZE)
		return false;
	strings->bytes[at] = '\0';
	strings->size = at + 1;
	links = READ(mount->links);
	if (links.mnt_parent == mount) {
		*walk->end = PATH_OUTSIDE;
		return false;
	}
	walk->dentry = links.mnt_mountpoint;
	enter_mount(walk, links.mnt_parent);
	return true;
}

/* Walks on for some rounds; false: the walk has ended. */
static __always_inline bool walk_up(struct walk *walk, struct strings *strings, int rounds)
{
	int i, k;

#pragma unroll
	for (i = 0; i < rounds; i++) {
#pragma unroll
		for (k = 0; k < PATH_NAMES_TOGETHER; k++)
			if (!leave_directory(walk, strings))
				return false;
		if (!leave_mount(walk, strings))
			return false;
	}
	return true;
}

/* Begins the walk of the path of (mnt, dentry), whose names are appended from the last one up. */
static __always_inline void begin_walk(struct walk *walk, const struct strings *strings,
				       struct path_names *names, struct vfsmount *mnt,
				       struct dentry *dentry)
{
	struct fs_struct *fs = READ(my_task()->fs);

	walk->dentry = dentry;
	walk->root_mount = mount_of(READ(fs->root.mnt));
	walk->root = READ(fs->root.dentry);
	walk->end = &names->end;
	enter_mount(walk, mount_of(mnt));
	names->offset = strings->size;
	names->deleted = !READ(dentry->d_hash.pprev);
	names->end = PATH_CUT;
}

/* Appends the names of the path of (mnt, dentry). */
static __always_inline void append_path(struct strings *strings, struct path_names *names,
					struct vfsmount *mnt, struct dentry *dentry)
{
	struct walk walk;

	begin_walk(&walk, strings, names, mnt, dentry);
	walk_up(&walk, strings, PATH_ROUNDS);
	names->size = strings->size - names->offset;
}

/* The same for the task's working directory. */
static __always_inline void append_working_directory(struct strings *strings,
						     struct path_names *names)
{
	struct fs_struct *fs = READ(my_task()->fs);

	append_path(strings, names, READ(fs->pwd.mnt), READ(fs->pwd.dentry));
}

/*
 * A walk in parts: a program that calls itself by a tail call for each part is a fifth as long as
 * one that makes the whole walk, and so is the time to compile and to load it. Between the parts
 * the walk is kept in a map. Most paths need one part.
 */
#define PATH_ROUNDS_OF_PART 3
#define PATH_PARTS	    5

struct kept_walk {
	struct dentry *dentry;
	struct dentry *top;
	struct mount_start *mount;
	struct mount_start *root_mount;
	struct dentry *root;
	u32 parts; /* that are left; 0: the walk has ended, or none was begun */
	u32 unused;
};

static __always_inline void keep_walk(struct kept_walk *kept, const struct walk *walk)
{
	kept->dentry = walk->dentry;
	kept->top = walk->top;
	kept->mount = walk->mount;
	kept->root_mount = walk->root_mount;
	kept->root = walk->root;
}

/* Begins the walk of a path. */
static __always_inline void begin_walk_in_parts(struct kept_walk *kept, struct strings *strings,
						struct path_names *names, struct path *path)
{
	struct walk walk;

	begin_walk(&walk, strings, names, READ(path->mnt), READ(path->dentry));
	names->size = 0;
	keep_walk(kept, &walk);
	kept->parts = PATH_PARTS;
}

/* Walks the next part; false: the walk has ended. */
static __always_inline bool walk_part(struct kept_walk *kept, struct strings *strings,
				      struct path_names *names)
{
	struct walk walk = {
		.dentry = kept->dentry,
		.top = kept->top,
		.mount = kept->mount,
		.root_mount = kept->root_mount,
		.root = kept->root,
		.end = &names->end,
	};

	kept->parts = walk_up(&walk, strings, PATH_ROUNDS_OF_PART) ? kept->parts - 1 : 0;
	names->size = strings->size - names->offset;
	if (!kept->parts)
		return false;
	keep_walk(kept, &walk);
	return true;
}
