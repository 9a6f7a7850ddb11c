/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are drawn as a tree while they come: by how deep each of them is. */
#ifndef SNOOPKIT_PROCESS_TREE_H
#define SNOOPKIT_PROCESS_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Whether box characters can be shown: standard output is a terminal, the locale's charset UTF-8.
 */
bool process_tree_has_boxes(void);

/*
 * Appends what stands before the text of a line: nothing at depth 0 and 1, a branch at 2, which is
 * moved to the right by each further step, up to a limit.
 */
void process_tree_append(struct buffer *line, uint32_t depth, bool has_boxes);

#endif
