/* SPDX-License-Identifier: Apache-2.0 */
/* The command snoopkit: what is the same for all tools. It runs them, and has no tool in it. */
#ifndef SNOOPKIT_SNOOPKIT_H
#define SNOOPKIT_SNOOPKIT_H

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_NAME "snoopkit"

/* The command line. */
struct request {
	const char *kernel;	  /* --kernel, or NULL */
	const char *root;	  /* --root, or NULL */
	const char *for_file;	  /* --for, or NULL */
	const char *headers_from; /* --headers-from, or NULL */
	const char *output;	  /* --output */
	bool quiet;
	char **tools; /* up to a NULL; none: all */
};

/* Each does what its name says and returns the exit status. */
int command_describe(const struct request *request);
int command_compile(const struct request *request);
int command_list(void);
int command_forget(const struct request *request);

#endif
