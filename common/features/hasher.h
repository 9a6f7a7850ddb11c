/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SHA-256 of executed files, by a process beside the tool: to read a file takes long, and who
 * is traced can make it take without end.
 *
 * A file is given by what tells it from all others: device, inode and change time. The process
 * takes the one that the monitor has opened as /proc/PID/exe, and if that is another or the process
 * has ended, looks for it by its path. It never answers for another file. A file that changes while
 * it is read has no answer, and the kernel's clock is let tick first, because two changes within
 * one tick have the same time.
 */
#ifndef SNOOPKIT_HASHER_H
#define SNOOPKIT_HASHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define HASHER_MOST   (64 << 20) /* bytes of a file */
#define HASHER_DIGEST 32	 /* bytes of a digest */
#define HASHER_PATH   4096	 /* bytes of a path that is looked for, with its NUL */

struct hasher {
	int socket; /* readable when there is an answer; -1: there is no process */
	pid_t pid;
	uint64_t asked;	 /* questions */
	bool knows_pids; /* whether PIDs are the same here as in the kernel's programs */
};

/* As the kernel's inode has it: on some file systems stat(2) says otherwise. */
struct hasher_file {
	uint64_t inode;
	int64_t seconds; /* of the change time */
	uint32_t nanoseconds;
	uint32_t device; /* the kernel's dev_t */
	uint64_t magic;	 /* of the file system */
	uint32_t parent; /* PID of a process that has the same root, or 0 */
	uint32_t unused;
};

enum hasher_result {
	HASHER_DONE,
	HASHER_NOT_FOUND, /* or it could not be read in time */
	HASHER_NEVER,	  /* it is too large, or no regular file that can be executed */
};

struct hasher_answer {
	uint64_t number; /* of the question; 0: some question will have no answer */
	uint32_t result; /* enum hasher_result */
	uint8_t digest[HASHER_DIGEST];
};

/*
 * Starts the process and offers the monitor what it has to open. Before the process gives up its
 * privileges. Returns 0 or a negative errno with a message.
 */
int hasher_start(struct hasher *hasher, struct error *error);

/*
 * Asks for a file that the process PID runs; as soon as it is known, because then the process still
 * lives. 0: none does. Never waits. Returns the question's number, from 1 on, or 0 if too many wait
 * for an answer. Answers come in the order of the questions, but one may be missing.
 */
uint64_t hasher_ask(struct hasher *hasher, uint32_t pid, const struct hasher_file *file,
		    const char *path);

/* Takes an answer. Returns 1, or 0 if there is none yet, or -EPIPE once the process has ended. */
int hasher_take(struct hasher *hasher, struct hasher_answer *answer);

void hasher_stop(struct hasher *hasher);

#endif
