/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNOOPKIT_FUZZ_TOOL_H
#define SNOOPKIT_FUZZ_TOOL_H

#include "tool/tool.h"

extern const struct tool *const fuzz_tool;
extern char *fuzz_arguments[]; /* argv, up to a NULL */

#endif
