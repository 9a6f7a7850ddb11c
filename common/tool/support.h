/* SPDX-License-Identifier: Apache-2.0 */
/* --support: how far this kernel supports a tool, and which facts matter for that. */
#ifndef SNOOPKIT_SUPPORT_H
#define SNOOPKIT_SUPPORT_H

#include "tool/options.h"
#include "tool/settings.h"
#include "tool/tool.h"

/*
 * Prints "TOOL: full", "TOOL: partial: not seen: WHAT; WHY" or "TOOL: unsupported: WHY". With
 * --verbose it first prints facts, a line "name: value" for each: the kernel, what this process may
 * do, what there is to trace and to compile with. It loads libbcc (see libbcc_find()), but
 * compiles nothing. Returns the exit status: 1 if the kernel does not support the tool.
 */
int support_print(const struct tool *tool, const struct options *options,
		  struct settings *settings);

#endif
