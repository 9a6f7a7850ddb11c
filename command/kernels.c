// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kernel/target.h"
#include "kernels.h"

static bool is_known(const struct kernels *kernels, const char *release)
{
	int i;

	for (i = 0; i < kernels->count; i++)
		if (!strcmp(kernels->releases[i], release))
			return true;
	return false;
}

static void find_in(struct kernels *kernels, const char *root, const char *modules)
{
	const struct dirent *entry;
	char path[PATH_MAX];
	DIR *entries;

	snprintf(path, sizeof(path), "%s/%s", root, modules);
	entries = opendir(path);
	if (!entries)
		return;
	while ((entry = readdir(entries)) && kernels->count < KERNELS_MOST) {
		const char *release = entry->d_name;

		if (*release == '.' || strlen(release) >= sizeof(kernels->releases[0]) ||
		    is_known(kernels, release) || !target_is_installed(root, release))
			continue;
		strcpy(kernels->releases[kernels->count++], release);
	}
	closedir(entries);
}

void kernels_find(struct kernels *kernels, const char *root)
{
	kernels->count = 0;
	find_in(kernels, strcmp(root, "/") ? root : "", "lib/modules");
	find_in(kernels, strcmp(root, "/") ? root : "", "usr/lib/modules");
}
