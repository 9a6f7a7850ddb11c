/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command lines of processes: as the kernel saw them executed or, for processes that were there
 * before, as /proc has them. The table is bounded: the command line that was not asked for longest
 * is forgotten first.
 */
#ifndef SNOOPKIT_WHO_COMMANDS_H
#define SNOOPKIT_WHO_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct who_exec;
struct who_fork;

struct who_command {
	uint32_t references; /* the table's own: a child has its parent's command line */
	bool is_cut;
	bool is_from_proc;
	bool has_exec_id; /* /proc does not have it: that of who asks first is taken */
	uint64_t exec_id; /* the kernel's number of the exec */
	size_t size;
	char args[]; /* size bytes, each argument with its NUL, and one more NUL */
};

struct who_commands;

/*
 * One number for the life of a process, of its PID and when it started, in nanoseconds since the
 * boot: the ticks that /proc/PID/stat has, and in the lower 22 bits the PID.
 */
uint64_t who_process_id(uint32_t pid, uint64_t start);

/* NULL without memory. */
struct who_commands *who_commands_new(void);

/* Adds those of all processes that /proc shows. */
void who_commands_read_proc(struct who_commands *commands);

/* Both have their whole size. */
void who_commands_take_exec(struct who_commands *commands, const struct who_exec *exec);
void who_commands_take_fork(struct who_commands *commands, const struct who_fork *fork);

/*
 * The command line of the process with that ID after that exec, or NULL; valid until one is taken.
 * If the exec was not seen, the command line that was there before is not the process's any more.
 */
const struct who_command *who_commands_find(struct who_commands *commands, uint64_t id,
					    uint64_t exec_id);

void who_commands_free(struct who_commands *commands);

#endif
