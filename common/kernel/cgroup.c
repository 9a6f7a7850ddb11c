// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/cgroup.h"

/* The mount point of the hierarchy, malloc'ed, or NULL with a message. */
static char *find_root(struct error *error)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[4096], *root = NULL;
	struct mntent entry;

	while (mounts && !root && getmntent_r(mounts, &entry, line, sizeof(line)))
		if (!strcmp(entry.mnt_type, "cgroup2"))
			root = strdup(entry.mnt_dir);
	if (mounts)
		endmntent(mounts);
	if (!root)
		error_set(error, ENOENT,
			  "no cgroups of version 2 are mounted: mount cgroup2 on a directory");
	return root;
}

static int check_version(int fd, const char *path, struct error *error)
{
	struct statfs fs;

	if (!fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	close(fd);
	return error_set(error, EINVAL, "%s is no cgroup of version 2", path);
}

static int open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_below_root(const char *path, struct error *error)
{
	char *root = find_root(error), *whole;
	int fd;

	if (!root)
		return -ENOENT;
	if (asprintf(&whole, "%s/%s", root, path) < 0)
		whole = NULL;
	free(root);
	fd = whole ? open_directory(whole) : -1;
	free(whole);
	if (fd < 0)
		return error_set(error, errno, "no cgroup %s: %s", path, strerror(errno));
	return fd;
}

int cgroup_open(const char *path, struct error *error)
{
	int fd = open_directory(path);

	/* Not the root, which an unset variable of a script would mean. */
	if (!*path)
		return error_set(error, EINVAL, "the path of the cgroup is empty");
	if (fd < 0)
		fd = open_below_root(path, error);
	return fd < 0 ? fd : check_version(fd, path, error);
}

/* Whether the ID starts a word of the name. */
static bool is_container(const char *name, const char *id)
{
	const char *at;

	if (strstr(name, "conmon"))
		return false;
	for (at = strstr(name, id); at; at = strstr(at + 1, id))
		if (at == name || !isalnum((unsigned char)at[-1]))
			return true;
	return false;
}

/* Stores up to two paths, which are malloc'ed, and returns how many there are. */
static int find_containers(char *root, const char *id, char *found[2])
{
	char *const roots[] = { root, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	int count = 0;
	FTSENT *entry;

	while (tree && count < 2 && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D || entry->fts_level == 0 ||
		    !is_container(entry->fts_name, id))
			continue;
		found[count] = strdup(entry->fts_path);
		if (!found[count])
			break;
		count++;
		fts_set(tree, entry, FTS_SKIP);
	}
	if (tree)
		fts_close(tree);
	return count;
}

int cgroup_open_container(const char *id, struct error *error)
{
	char *root = find_root(error), *found[2] = {};
	int count, result;

	if (!root)
		return -ENOENT;
	count = *id ? find_containers(root, id, found) : 0;
	if (count == 1)
		result = cgroup_open(found[0], error);
	else if (count)
		result = error_set(error, EINVAL, "several containers have '%s': %s, %s", id,
				   found[0], found[1]);
	else
		result = error_set(error, ENOENT,
				   "no container '%s': no cgroup below %s is its own", id, root);
	free(found[0]);
	free(found[1]);
	free(root);
	return result;
}
