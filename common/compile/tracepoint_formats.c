// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "compile/tracepoint_formats.h"
#include "kernel/private_mount.h"
#include "kernel/tracefs.h"

#define MACRO	    "TRACEPOINT_PROBE"
#define MOUNT_POINT "/sys/kernel/tracing"
#define DEBUGFS	    "/sys/kernel/debug" /* where libbcc 0.18 looks, in tracing */

struct tracepoint {
	char category[64];
	char event[64];
};

/* The next one at or behind *at, which moves on. Names without a slash or a dot stay in tracefs. */
static bool find_next(const char **at, struct tracepoint *tracepoint)
{
	while ((*at = strstr(*at, MACRO))) {
		*at += strlen(MACRO);
		if (sscanf(*at, " ( %63[A-Za-z0-9_] , %63[A-Za-z0-9_] )", tracepoint->category,
			   tracepoint->event) == 2)
			return true;
	}
	return false;
}

static void copy_format(int tracefs, const struct tracepoint *tracepoint, const char *copies)
{
	char name[200], path[PATH_MAX], *text;
	int fd;

	snprintf(name, sizeof(name), "events/%s/%s/format", tracepoint->category,
		 tracepoint->event);
	snprintf(path, sizeof(path), "%s/%s", copies, name);
	text = tracefs_read(tracefs, name);
	if (!text)
		return;
	fd = file_make_parents(path) ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0) {
		file_write_fd(fd, text, strlen(text));
		close(fd);
	}
	free(text);
}

static void copy_formats(const char *source, const char *copies)
{
	struct tracepoint tracepoint;
	struct error error = {};
	int tracefs = -1;

	while (find_next(&source, &tracepoint)) {
		if (tracefs < 0)
			tracefs = tracefs_open(&error);
		if (tracefs >= 0)
			copy_format(tracefs, &tracepoint, copies);
	}
	error_clear(&error);
	if (tracefs >= 0)
		close(tracefs);
}

void tracepoint_formats_show(const char *source, bool is_running, const char *scratch)
{
	char debugfs[PATH_MAX / 4], copies[PATH_MAX / 2];

	if (!strstr(source, MACRO))
		return;
	snprintf(debugfs, sizeof(debugfs), "%s/debug", scratch);
	snprintf(copies, sizeof(copies), "%s/tracing", debugfs);
	mkdir(debugfs, 0755);
	mkdir(copies, 0755);
	if (is_running)
		copy_formats(source, copies);
	private_mount(copies, MOUNT_POINT, NULL, MS_BIND, NULL);
	private_mount(debugfs, DEBUGFS, NULL, MS_BIND, NULL);
}
