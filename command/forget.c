// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "compile/cache.h"
#include "snoopkit.h"

struct removal {
	const char *directory, *release;
	int directory_fd;
	int removed, failed; /* files */
};

static bool remove_if_of_kernel(void *context, const struct cache_entry *entry)
{
	struct removal *removal = context;

	if (entry->untrusted || strcmp(entry->kernel.release, removal->release))
		return true;
	if (!unlinkat(removal->directory_fd, entry->file, 0)) {
		removal->removed++;
		return true;
	}
	removal->failed++;
	message(COMMAND_NAME, "can't remove %s/%s: %s", removal->directory, entry->file,
		strerror(errno));
	return false; /* neither would the others be */
}

int command_forget(const struct request *request)
{
	struct removal removal = { .directory = request->output, .release = request->kernel };
	int err = -ENOENT;

	removal.directory_fd = open(request->output, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (removal.directory_fd >= 0) {
		err = cache_list(request->output, remove_if_of_kernel, &removal);
		close(removal.directory_fd);
	}
	if (err && err != -ENOENT) {
		message(COMMAND_NAME, "can't read %s: %s", request->output, strerror(-err));
		return 1;
	}
	if (!request->quiet && !removal.failed)
		printf("kernel %s: %d programs removed from %s\n", request->kernel, removal.removed,
		       request->output);
	return removal.failed > 0;
}
