// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "features/process_tree.h"

#define STEP	   3  /* columns */
#define MOST_STEPS 20 /* deeper lines stand below each other */

/* The charset as the environment names it: setlocale(3) would read files for it. */
static const char *charset(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value, *dot;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = getenv(names[i]);
		if (!value || !*value)
			continue;
		dot = strchr(value, '.');
		return dot ? dot + 1 : "";
	}
	return "";
}

bool process_tree_has_boxes(void)
{
	const char *name = charset();

	return isatty(STDOUT_FILENO) &&
	       (!strncasecmp(name, "UTF-8", 5) || !strncasecmp(name, "UTF8", 4));
}

void process_tree_append(struct buffer *line, uint32_t depth, bool has_boxes)
{
	uint32_t steps = depth < 2 ? 0 : depth - 2;

	if (depth < 2)
		return;
	buffer_printf(line, "%*s%s", (int)(steps < MOST_STEPS ? steps : MOST_STEPS) * STEP, "",
		      has_boxes ? "└─ " : "`- ");
}
