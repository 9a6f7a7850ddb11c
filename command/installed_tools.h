/* SPDX-License-Identifier: Apache-2.0 */
/* The tools that are installed beside the command, and how to run one. */
#ifndef SNOOPKIT_INSTALLED_TOOLS_H
#define SNOOPKIT_INSTALLED_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

/* The names of all tools, without what a package adds to them, up to a NULL. */
extern const char *const tool_names[];

bool tool_is_known(const char *name);

/*
 * The path of a tool's program: beside the command under its own name, or with the suffix that
 * packages add where its own name is another program's; or in tools/ beside the command, as in a
 * build directory. False if it is not there.
 */
bool tool_find(const char *name, char *path, size_t size);

/*
 * Runs a tool with these arguments, up to a NULL; the first is its name. Its standard output goes
 * to output, or stays this process's (-1). Returns its exit status; -1 if it could not be run.
 */
int tool_run(const char *path, const char *const *arguments, int output);

#endif
