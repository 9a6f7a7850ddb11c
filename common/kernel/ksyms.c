// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/ksyms.h"

/* Whether the match is the name column of a function's line: "ADDRESS TYPE NAME[\t[MODULE]]\n". */
static bool is_function_line(const char *text, const char *found, size_t length)
{
	char end = found[length];

	return found - text >= 3 && found[-1] == ' ' && strchr("tTwW", found[-2]) &&
	       (end == '\n' || end == '\t' || end == '\0');
}

static uint64_t address_of_line(const char *text, const char *found)
{
	while (found > text && found[-1] != '\n')
		found--;
	return strtoull(found, NULL, 16);
}

int ksyms_find_in(const char *text, const char *name, uint64_t *addresses, size_t max)
{
	size_t length = strlen(name), count = 0;
	const char *found;
	uint64_t address;

	if (!length)
		return -ENOENT;
	for (found = strstr(text, name); found; found = strstr(found + length, name)) {
		if (!is_function_line(text, found, length))
			continue;
		address = address_of_line(text, found);
		if (!address)
			return -EPERM;
		if (count < max)
			addresses[count] = address;
		count++;
	}
	return count ? (int)count : -ENOENT;
}

int ksyms_find(const char *name, uint64_t *addresses, size_t max)
{
	size_t size;
	char *text = file_read("/proc/kallsyms", &size);
	int count;

	if (!text)
		return -errno;
	count = ksyms_find_in(text, name, addresses, max);
	free(text);
	return count;
}
