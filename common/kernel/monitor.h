/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Privilege separation. A process that gives up its privileges leaves a few tasks to a monitor: a
 * child that keeps what these tasks need and does nothing else. A task is a question with one
 * number, and its answer has a fixed size. What can be asked is listed before the monitor starts;
 * the monitor ends when the process has ended, however it did.
 *
 * The monitor is a copy of the process as it was when it started. So a question's function finds
 * there all that it was made for (paths, maps, links), and it must doubt nothing but its argument:
 * the process that asks reads hostile data, and may have been taken over.
 *
 * Whoever is traced can keep some answers waiting without end: the kernel holds back the memory map
 * of a process while a file system of that process's user does not answer. Such a question is
 * answered by a helper, a child of the monitor that lives on until it takes too long. A file of
 * theirs can do the same at each call: so its descriptor never leaves the helper, not even to be
 * closed.
 *
 * Without a monitor the same functions are called in the process itself.
 */
#ifndef SNOOPKIT_MONITOR_H
#define SNOOPKIT_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/user.h"

#define MONITOR_QUESTIONS 24  /* at most, asserted */
#define MONITOR_TEXT	  256 /* bytes */
#define MONITOR_FDS	  2

struct monitor_answer {
	int64_t result;	      /* 0 or a negative errno, or what the question says */
	int fds[MONITOR_FDS]; /* -1: none. Of the process that asks */
	pid_t helper;	      /* who answered, or was to; 0: the monitor */
	char text[MONITOR_TEXT];
};

struct monitor_question {
	void (*answer)(void *context, uint64_t argument, struct monitor_answer *answer);
	bool at_end; /* also answered when the process has ended, with the argument 0 */
	/*
	 * Answered by the helper, within 0.3 seconds, or else with -ETIMEDOUT. In the three seconds
	 * after that it gets -EBUSY at once. What the answer changes is seen by the answers
	 * of the same helper.
	 */
	bool can_block;
	/*
	 * Of one that can block and reads hostile bytes: it calls monitor_give_up() before that,
	 * and its helper ends after the answer.
	 */
	bool gives_up;
};

/*
 * Adds a question for the monitor, which will keep these capabilities for it. The same question can
 * be added with several contexts.
 */
void monitor_offer(const struct monitor_question *question, void *context, uint64_t capabilities);

/* The monitor keeps this descriptor open. It closes all others. */
void monitor_keep(int fd);

/*
 * Starts the monitor, as that user, with the capabilities that the questions need. Returns 0, or a
 * negative errno with a message: then there is none.
 */
int monitor_start(const struct user *user, struct error *error);

/* Its capabilities as a set, and its PID; 0 where there is no monitor. */
uint64_t monitor_capabilities(void);
pid_t monitor_pid(void);

/*
 * Asks. A question that was not offered before the monitor started gets -EPERM, and every question
 * -EPIPE once the monitor has ended, or another negative errno once it was stopped. The answer's
 * descriptors are the caller's to close.
 */
void monitor_ask(const struct monitor_question *question, void *context, uint64_t argument,
		 struct monitor_answer *answer);

/*
 * Whether the monitor, or its helper as far as the answers told, has this PID. It stays theirs
 * until this no longer says so.
 */
bool monitor_has_pid(pid_t pid);

/*
 * In the helper, for a question that gives up: from here on it has no capability, and can do no
 * more than a tool that traces. Returns 0 or a negative errno. Elsewhere it does nothing.
 */
int monitor_give_up(void);

/* Waits until the monitor, if there is one, has closed what it does not keep. */
void monitor_await(void);

/*
 * To be called after a SIGCHLD: whether the monitor has ended or was stopped, at most once. Nobody
 * else ends it. One that was stopped is asked nothing any more and ends when it is continued.
 */
bool monitor_has_ended(void);

/* Lets the monitor end and waits for that, unless it was stopped. Forgets the questions. */
void monitor_stop(void);

#endif
