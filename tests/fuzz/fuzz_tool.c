// SPDX-License-Identifier: Apache-2.0
/* A tool for fuzz_event.c: its declaration, and the ARGUMENTS that switch on all it can show. */
#define main main_of_the_tool
#include TOOL_FILE
#undef main

#include "fuzz_tool.h"

const struct tool *const fuzz_tool = &TOOL;
char *fuzz_arguments[] = { TOOL_NAME, ARGUMENTS NULL };
