/* SPDX-License-Identifier: Apache-2.0 */
/* This process's capabilities (capabilities(7)), and how it gives them up. */
#ifndef SNOOPKIT_PRIVILEGES_H
#define SNOOPKIT_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/user.h"

/* A set of capabilities has a bit for each. */
#define CAPABILITY(number) (1ULL << (number))

/* Headers before 5.8 lack these two. */
#define CAPABILITY_PERFMON 38
#define CAPABILITY_BPF	   39

/* Whether a capability (CAP_SYS_ADMIN) is effective. */
bool privileges_have(int capability);

/*
 * The capabilities that tracing needs and the process lacks, as words for a message; NULL if it has
 * them all. Since 5.8 CAP_BPF and CAP_PERFMON are enough; before, CAP_SYS_ADMIN is needed.
 */
const char *privileges_missing(void);

/*
 * What bpf(2) and perf_event_open(2) need: CAP_BPF or CAP_PERFMON, and CAP_SYS_ADMIN on kernels
 * that do not know these or if the process has only that one. For perf events the kernel is asked:
 * Debian's 5.10 wants CAP_SYS_ADMIN where kernel.perf_event_paranoid is 3, its default.
 */
uint64_t privileges_for_bpf(void);
uint64_t privileges_for_perf_events(void);

/*
 * Whether action() returns true for a process with these capabilities alone. All are effective
 * again afterwards.
 */
bool privileges_suffice(uint64_t set, bool (*action)(void *context), void *context);

/*
 * Takes all but these out of the bounding set, which children get too: those that give up their
 * privileges then find it done.
 */
void privileges_limit(uint64_t kept);

/*
 * Becomes the user and gives up all capabilities but those of the set, in all sets, and the way
 * back to them (no_new_privs). Where the process may not become another user, it stays what it is.
 * Returns 0 or a negative errno.
 */
int privileges_give_up(uint64_t kept, const struct user *user);

/* The names of a set's capabilities, "cap_bpf, cap_perfmon"; "none". */
void privileges_names(uint64_t set, char *text, size_t size);

#endif
