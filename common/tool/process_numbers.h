/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of processes and threads that BPF programs see are those of the initial PID
 * namespace. A user means those of its own.
 */
#ifndef SNOOPKIT_TOOL_PROCESS_NUMBERS_H
#define SNOOPKIT_TOOL_PROCESS_NUMBERS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "tool/options.h"
#include "trace/loader.h"

/* Nothing is open before the first number is asked for outside of the initial namespace. */
struct process_numbers {
	struct image *image; /* NULL: not opened */
	struct loader loader;
	int map;     /* the loader's */
	int program; /* the rest: -1: not open */
	int event;
	int file;
};

void process_numbers_init(struct process_numbers *numbers);

/*
 * *number becomes what BPF programs see for the process or thread pid of this namespace. In the
 * initial one that is pid, also where no such process exists. Elsewhere a small BPF program finds
 * it, compiled by the options or kept. Returns 0 or a negative errno with a message: -ESRCH if
 * there is no such process; -ECANCELED if cancel_fd became readable.
 */
int process_numbers_find(struct process_numbers *numbers, const struct options *options,
			 int cancel_fd, pid_t pid, uint32_t *number, struct error *error);

/* Compiles that program alone, for --keep. Returns 0 or a negative errno with a message. */
int process_numbers_keep(const struct options *options, int cancel_fd, struct error *error);

void process_numbers_close(struct process_numbers *numbers);

#endif
