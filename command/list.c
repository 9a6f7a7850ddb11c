// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "snoopkit.h"
#include "compile/cache.h"
#include "compile/programs.h"
#include "installed_tools.h"
#include "output/output.h"

/* ---- the tools ---- */

/* What a tool prints, for free(); NULL if it is not installed or can't be run. */
static char *output_of(const char *tool, const char *const *arguments)
{
	struct buffer text = {};
	char path[PATH_MAX], *string = NULL;
	int fd;

	fflush(stdout);
	fd = file_in_memory("output", false);
	if (fd >= 0 && tool_find(tool, path, sizeof(path)) && tool_run(path, arguments, fd) >= 0 &&
	    !lseek(fd, 0, SEEK_SET) && !file_read_fd(fd, &text))
		string = buffer_take_string(&text);
	buffer_free(&text);
	if (fd >= 0)
		close(fd);
	return string;
}

/* Each line but the last, which is about the one tool that was asked. */
static void print_facts(void)
{
	const char *const arguments[] = { tool_names[0], "--support", "--verbose", NULL };
	char *text = output_of(tool_names[0], arguments), *line = text, *end;

	puts("This machine:");
	for (; line && (end = strchr(line, '\n')) && end[1]; line = end + 1)
		printf("  %.*s\n", (int)(end - line), line);
	free(text);
}

static void print_tools(void)
{
	const char *const *tool;
	char *text;

	puts("The tools on it:");
	for (tool = tool_names; *tool; tool++) {
		const char *const arguments[] = { *tool, "--support", NULL };

		text = output_of(*tool, arguments);
		if (text)
			printf("  %s", text);
		else
			printf("  %s: not installed\n", *tool);
		free(text);
	}
}

/* ---- their programs ---- */

struct kept {
	struct kernel kernel;
	char snoopkit[32];
	char tool[64];
	const char *directory;
};

struct list {
	struct kept *kept;
	size_t count;
	const char *directory; /* that is read now */
	bool says_untrusted;
};

static bool add(void *context, const struct cache_entry *entry)
{
	struct list *list = context;
	struct kept *kept, *more;

	if (entry->untrusted) {
		if (list->says_untrusted)
			printf("  %s/%s is not used: it %s\n", list->directory, entry->file,
			       entry->untrusted);
		return true;
	}
	more = realloc(list->kept, (list->count + 1) * sizeof(*more));
	if (!more)
		return false;
	list->kept = more;
	kept = &list->kept[list->count++];
	*kept = (struct kept){ .kernel = entry->kernel, .directory = list->directory };
	snprintf(kept->snoopkit, sizeof(kept->snoopkit), "%s", entry->snoopkit);
	snprintf(kept->tool, sizeof(kept->tool), "%.*s",
		 (int)(strrchr(entry->file, '-') - entry->file), entry->file);
	return true;
}

static int compare_groups(const struct kept *one, const struct kept *other)
{
	int order = kernel_compare(&one->kernel, &other->kernel);

	if (!order)
		order = strcmp(one->directory, other->directory);
	return order ? order : strcmp(one->snoopkit, other->snoopkit);
}

static int compare(const void *a, const void *b)
{
	const struct kept *one = a, *other = b;
	int order = compare_groups(one, other);

	return order ? order : strcmp(one->tool, other->tool);
}

static void print_group(const struct kept *kept, const struct kernel *running)
{
	bool is_this = !kernel_compare(&kept->kernel, running);

	printf("  kernel %s %s%s\n    %s%s%s:", kept->kernel.release, kept->kernel.version,
	       is_this ? " (this one)" : "", kept->directory,
	       strcmp(kept->snoopkit, SNOOPKIT_VERSION) ? ", by snoopkit " : "",
	       strcmp(kept->snoopkit, SNOOPKIT_VERSION) ? kept->snoopkit : "");
}

static void print_programs(void)
{
	const char *const *directories = programs_directories;
	struct list list = { .says_untrusted = true };
	struct kernel running;
	size_t i;

	puts("The programs that are compiled:");
	for (; *directories; directories++) {
		list.directory = *directories;
		cache_list(list.directory, add, &list);
	}
	/* In the cache such files are only in vain: another version of snoopkit left them. */
	list.says_untrusted = false;
	list.directory = CACHE_DIRECTORY;
	cache_list(list.directory, add, &list);
	if (list.count)
		qsort(list.kept, list.count, sizeof(*list.kept), compare);
	else
		puts("  none: a tool compiles its own when it starts");
	kernel_identify(&running);
	for (i = 0; i < list.count; i++) {
		const struct kept *kept = &list.kept[i];
		bool is_first = !i || compare_groups(kept - 1, kept);

		if (is_first)
			print_group(kept, &running);
		if (is_first || strcmp(kept[-1].tool, kept->tool))
			printf(" %s", kept->tool);
		if (i + 1 == list.count || compare_groups(kept, kept + 1))
			puts("");
	}
	free(list.kept);
}

int command_list(void)
{
	print_facts();
	print_tools();
	print_programs();
	return output_end_text(COMMAND_NAME, 0);
}
