/* SPDX-License-Identifier: Apache-2.0 */
/* What an edited program (--source) has beside the tool's own. */
#ifndef SNOOPKIT_CUSTOM_H
#define SNOOPKIT_CUSTOM_H

#include "base/error.h"
#include "image/image.h"
#include "tool/named_probes.h"
#include "tool/tool.h"

/*
 * Finds the probes that the source names by its functions, and says on standard error which of its
 * programs nothing attaches. Returns 0 or a negative errno with a message, and then says nothing
 * else: -EINVAL also where the source sends events that are not the tool's.
 */
int custom_examine(struct named_probes *named, const struct tool *tool,
		   const struct source_text *source, const struct image *image,
		   struct error *error);

#endif
