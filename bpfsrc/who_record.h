/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who did it: made by who.bpf.h and who_record.bpf.h, read by common/features/who.c.
 *
 * An event carries a number only. The record with that number is sent once, by the CPU of the
 * event, shortly before or after it, and again when something of the task has changed.
 */
#ifndef SNOOPKIT_WHO_RECORD_H
#define SNOOPKIT_WHO_RECORD_H

#include "event.h"
#include "login.h"
#include "path_names.h"

/* In the upper bits of event_header.added. */
#define WHO_NUMBER 0x80000000U /* the last 8 bytes of the event are the number of a record */
#define WHO_NOTE   0x40000000U /* no event of the tool's: a struct who_exec or who_fork */
#define WHO_PART   0x20000000U /* a part of an event, another of which has the number */
#define WHO_BITS   (WHO_NUMBER | WHO_NOTE | WHO_PART)

/* In a number's uppermost bit: the event is an exec, so the record is of just that moment. */
#define WHO_AT_EXEC (1ULL << 63)

#define WHO_SIZE	  8    /* bytes of a number in an event */
#define WHO_ENTRIES	  8192 /* tasks whose record the kernel need not send again */
#define WHO_ANCESTORS	  8
#define WHO_CGROUP_LEVELS 12
#define WHO_ARGS_SIZE	  1024 /* of an exec's arguments; a power of two */

/* What a task can gain. */
struct who_credentials {
	__u32 uid, euid, suid;
	__u32 gid, egid;
	__u32 unused;
	__u64 permitted, effective; /* sets of capabilities */
};

/*
 * What is compared at each event: if a value differs, the task gets a new record. Pointers stand
 * beside values that tell one object from another in the same memory.
 */
struct who_values {
	__u64 start; /* of the thread: nanoseconds since the boot */
	__u64 exec_id;
	__u64 flags;	  /* of the task: PF_* */
	__u64 attributes; /* of the task: bits PFA_* */
	__u32 tgid;
	__u32 parent; /* its tgid */
	__u64 parent_start;
	__u64 parent_exec_id;
	struct who_credentials credentials;
	__u32 auid, session;
	__u32 sid, pgid;
	__u64 tty;
	__u64 tty_index;
	__u32 mount_namespace, network_namespace;
	__u32 user_namespace;
	__u32 seccomp;
	__u64 cgroup;
	__u64 cgroup_id;
	__u64 exe;
	__u64 exe_inode;
	__u64 exe_directory;
	__u32 exe_device;
	__u32 exe_removed;
	__u64 got; /* not compared: each value passes here on its way */
};

/* Members of a record that this kernel has, besides those that each has. */
enum {
	WHO_HAS_LOGIN = 1,
	WHO_HAS_SECCOMP = 2,
	WHO_HAS_BEFORE = 4, /* the credentials before the exec */
	WHO_HAS_EXE = 8,
	WHO_HAS_PARENT_EXE = 16,
	WHO_HAS_CWD = 32,
};

struct who_ancestor {
	__u64 start;   /* nanoseconds since the boot */
	__u64 exec_id; /* changes with each program that it executes */
	__u32 pid;
	__u32 flags;
	char comm[16];
};

struct who_record {
	struct event_header header; /* the time is 0: no event, see events.h */
	__u64 number;
	struct who_values values;
	struct who_credentials before;
	__u64 start; /* of the process: nanoseconds since the boot */
	__u32 has;   /* WHO_HAS_* */
	__u32 pid_namespace, pid_in_namespace;
	__u32 exe_mode, exe_uid, exe_gid;
	__u32 exe_links;
	__u32 exe_is_upper;
	__s64 exe_changed; /* its change time, in seconds since 1970 */
	__u32 exe_changed_nanoseconds;
	__u32 unused;
	__u64 exe_magic;       /* of its file system */
	__u64 exe_file_system; /* flags */
	char tty[16];
	__u32 ancestor_count;
	__u32 cgroup_is_cut;
	__u32 cgroup_offset; /* in the strings: names, the lowest first */
	__u32 cgroup_size;
	struct who_ancestor ancestors[WHO_ANCESTORS]; /* the parent first */
	struct path_names exe, parent_exe, cwd;
	struct strings strings;
};

enum who_note { WHO_EXEC = 1, WHO_FORK };

/* A process has executed a program. */
struct who_exec {
	struct event_header header;
	__u32 note; /* enum who_note */
	__u32 pid;
	__u64 start;
	__u64 exec_id;
	__u32 size;
	__u32 is_cut;
	char args[WHO_ARGS_SIZE]; /* size bytes, each argument with its NUL */
};

/* A process has made another. */
struct who_fork {
	struct event_header header;
	__u32 note;
	__u32 pid;
	__u64 start;
	__u64 exec_id; /* of both */
	__u32 child;
	__u32 unused;
	__u64 child_start;
};

#endif
