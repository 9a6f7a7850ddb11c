/* SPDX-License-Identifier: Apache-2.0 */
/* --support: how far this kernel supports a tool, and what it has. */
#ifndef SNOOPKIT_SUPPORT_H
#define SNOOPKIT_SUPPORT_H

#include "tool/options.h"
#include "tool/settings.h"
#include "tool/tool.h"

/*
 * Prints "TOOL: full", "TOOL: partial: what it does not see" or "TOOL: unsupported: why". With
 * --verbose first "name: value", a line for each fact: the kernel, what this process may do, what
 * there is to trace and to compile with; this loads libbcc (see libbcc_find()). Nothing is
 * compiled. The result is the exit status: 1 where the kernel does not support the tool.
 */
int support_print(const struct tool *tool, const struct options *options,
		  struct settings *settings);

#endif
