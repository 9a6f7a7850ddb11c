/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for the addresses of a stack: "FUNCTION+0xOFFSET [MODULE]". MODULE is kernel, a kernel
 * module, or a file's name. What has no name is "0xADDRESS [unknown]", or "0xOFFSET [FILE]" where
 * only the file is known.
 */
#ifndef SNOOPKIT_STACK_TEXT_H
#define SNOOPKIT_STACK_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "kernel/ksym_table.h"

#define STACK_TEXT_FILES 64 /* files whose symbols are kept */

/* A zeroed struct knows nothing yet. */
struct stack_text {
	struct ksym_table kernel;
	bool kernel_is_read;
	struct stack_file *files[STACK_TEXT_FILES];
	unsigned int file_count;
	char *maps; /* of the process that is looked at */
	uint32_t pid;
};

/*
 * Offers the monitor to open what the stacks of other processes need. In the tool's attached(),
 * after stack_text_read_kernel() where that is needed.
 */
void stack_text_offer(struct stack_text *text);

/* Reads the kernel's symbols, once. Returns 0 or a negative errno: see ksym_table_read(). */
int stack_text_read_kernel(struct stack_text *text);

/* Appends what is at the address, unescaped. */
void stack_text_kernel(struct stack_text *text, uint64_t address, struct buffer *line);

/*
 * Looks at that process's memory: before stack_text_user(). A process that has ended, or whose
 * number is another one here (in a PID namespace), has no names.
 */
void stack_text_look_at(struct stack_text *text, uint32_t pid);
void stack_text_user(struct stack_text *text, uint64_t address, struct buffer *line);

void stack_text_free(struct stack_text *text);

#endif
