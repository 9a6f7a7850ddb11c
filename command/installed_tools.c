// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "installed_tools.h"

const char *const tool_names[] = { SNOOPKIT_TOOLS, NULL };

bool tool_is_known(const char *name)
{
	const char *const *known;

	for (known = tool_names; *known; known++)
		if (!strcmp(*known, name))
			return true;
	return false;
}

/* The directory that this program is in. */
static bool find_own_directory(char *directory, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", directory, size - 1);
	char *slash;

	if (length < 0)
		return false;
	directory[length] = '\0';
	slash = strrchr(directory, '/');
	*slash = '\0';
	return true;
}

bool tool_find(const char *name, char *path, size_t size)
{
	/* The one with the suffix first: the other may be a tool of another family. */
	static const char *const forms[] = { "%s/" SNOOPKIT_PREFIX "%s" SNOOPKIT_SUFFIX,
					     "%s/%s-snoopkit", "%s/%s", "%s/tools/%s" };
	char directory[PATH_MAX];
	size_t i;

	if (!find_own_directory(directory, sizeof(directory)))
		return false;
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!i && !*SNOOPKIT_PREFIX && !*SNOOPKIT_SUFFIX)
			continue;
		if ((size_t)snprintf(path, size, forms[i], directory, name) < size &&
		    !access(path, X_OK))
			return true;
	}
	return false;
}

int tool_run(const char *path, const char *const *arguments, int output)
{
	char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	int status = 0, err;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	if (output >= 0)
		posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	err = posix_spawn(&pid, path, &actions, NULL, (char *const *)arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
