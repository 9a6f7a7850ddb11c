// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/header_tree.h"

#define DEEPEST 16 /* directories that both trees have, one in the other; Debian's go 4 deep */

static bool is_directory(const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISDIR(info.st_mode);
}

static int join_directories(const char *build, const char *source, const char *joined, int depth);

/* Puts an entry of one of the trees into the joined one. */
static int join_entry(const char *const trees[2], int which, const char *joined, const char *name,
		      int depth)
{
	char paths[2][PATH_MAX], path[PATH_MAX];
	int i;

	for (i = 0; i < 2; i++)
		if (snprintf(paths[i], PATH_MAX, "%s/%s", trees[i], name) >= PATH_MAX)
			return -ENAMETOOLONG;
	if (snprintf(path, sizeof(path), "%s/%s", joined, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (is_directory(paths[0]) && is_directory(paths[1]))
		return which ? 0 : join_directories(paths[0], paths[1], path, depth + 1);
	return symlink(paths[which], path) && errno != EEXIST ? -errno : 0;
}

static int join_directories(const char *build, const char *source, const char *joined, int depth)
{
	const char *const trees[2] = { build, source };
	const struct dirent *entry;
	int i, err = 0;
	DIR *entries;

	if (depth > DEEPEST)
		return -ELOOP;
	if (mkdir(joined, 0755))
		return -errno;
	for (i = 0; !err && i < 2; i++) {
		entries = opendir(trees[i]);
		if (!entries)
			return -errno;
		while (!err && (entry = readdir(entries)))
			if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
				err = join_entry(trees, i, joined, entry->d_name, depth);
		closedir(entries);
	}
	return err;
}

static bool is_same(const char *one, const char *other)
{
	struct stat first, second;

	return !stat(one, &first) && !stat(other, &second) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

int header_tree_join(const char *build, const char *source, const char *joined)
{
	if (!*source || is_same(build, source))
		return symlink(build, joined) ? -errno : 0;
	return join_directories(build, source, joined, 0);
}
