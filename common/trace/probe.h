/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probe points: declared by a tool, attached in its order of preference, detached as one.
 */
#ifndef SNOOPKIT_PROBE_H
#define SNOOPKIT_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "trace/loader.h"

enum probe_kind {
	PROBE_END, /* closes a list of probes */
	PROBE_KPROBE,
	PROBE_KRETPROBE,
	PROBE_UPROBE,
	PROBE_URETPROBE,
	PROBE_TRACEPOINT,
	PROBE_RAW_TRACEPOINT,
	PROBE_BTF_RAW_TRACEPOINT, /* a raw tracepoint whose program knows the kernel's types
				   * (tp_btf)
				   */
	PROBE_TAIL_CALL, /* no probe: the program goes into a program array, for others to call */
};

/*
 * What the kernel puts before "sys_NAME" in the names of syscalls' functions that take the caller's
 * registers: arch/(arch)/include/asm/syscall_wrapper.h, x86 since 4.17.
 */
#if defined(__x86_64__)
#define SYSCALL_PREFIX "__x64_"
#elif defined(__aarch64__)
#define SYSCALL_PREFIX "__arm64_"
#else
#error "the prefix of syscall functions on this architecture is not known"
#endif

struct probe {
	enum probe_kind kind;
	const char *target;  /* function; "category:event"; a raw or typed one's or array's name */
	const char *program; /* the function in the BPF source */
	const char *binary;  /* of a uprobe: the ELF file's path */
	const char *instead_of; /* only where the probe with that target could not be attached */
	const bool *wanted; /* left out where this is false: an option asks for it; may be NULL */
	enum probe_kind of; /* of a tail call: the kind whose programs call it */
	bool optional;	    /* the set is as good without it: a function of some kernels only */
	bool every_copy;    /* all functions of that name, not just one */
};

/* Probes that together give a tool's events, or most of them. */
struct probe_set {
	const struct probe *probes;
	const char *misses; /* what is not seen by this set, as a phrase; NULL: nothing */
	const char *unless; /* not where that question of the tool's is answered yes; may be NULL */
};

#define PROBES_MAX_SETS 8 /* of a tool */

/*
 * Whether syscall tracepoints' programs may sleep (seen on 7.2). In such a kernel another task may
 * take the CPU in the midst of a raw or a syscall tracepoint's program, and until that goes on the
 * kernel skips it for all others on the CPU: with 8 busy threads on 2 CPUs half of the runs. With
 * kprobes and other perf tracepoints that can't happen. On 6.18 it does not happen at all.
 */
#define FAULTABLE_TRACEPOINTS "HAVE_FAULTABLE_TRACEPOINTS"
#define TEST_FAULTABLE_TRACEPOINTS                                            \
	{                                                                     \
		FAULTABLE_TRACEPOINTS, "func trace_call_bpf_faultable", NULL, \
			"linux/trace_events.h"                                \
	}

/* For bpfsrc/syscall.bpf.h and caller.h: x86's registers. */
#define TEST_ORIG_AX                                                          \
	{                                                                     \
		"HAVE_ORIG_AX", "struct pt_regs", "orig_ax", "linux/ptrace.h" \
	}

/*
 * For bpfsrc/caller.bpf.h and descriptor.h: whether there are bpf_get_current_task_btf() and
 * bpf_task_pt_regs(), by a member that came with the latter in 5.15; the enumerator of libbcc's own
 * bpf.h would be there on every kernel. A kernel without BTF has them too, and refuses programs
 * that call them.
 */
#define TEST_TASK_REGISTERS                                                             \
	{                                                                               \
		"HAVE_TASK_REGISTERS", "struct task_struct", "bpf_ctx", "linux/sched.h" \
	}
#define TEST_CALLERS_REGISTERS TEST_ORIG_AX, TEST_TASK_REGISTERS

/* The program that needs no other at the syscall's entry: first in its set, for it may not be
 * there. */
/* clang-format off */
#define EXIT_TRACEPOINT(syscall, is_optional)                                                      \
	{ .kind = PROBE_TRACEPOINT,                                                                \
	  .target = "syscalls:sys_exit_" syscall,                                                  \
	  .program = "on_exit_alone",                                                              \
	  .optional = is_optional }
/* clang-format on */

struct probe_link {
	int fd;		/* of the perf event or raw tracepoint; closing it detaches */
	char event[80]; /* to be removed from the text interface; or empty */
	bool is_uprobe;
};

#define PROBES_MAX_PROGRAMS 32 /* of a set */

struct probes {
	struct probe_link *links;
	size_t count;
	int programs[PROBES_MAX_PROGRAMS]; /* what is attached, for probes_missed() */
	size_t program_count;
	int tracefs;   /* -1 until a probe needs it */
	bool is_trial; /* nothing is going to run: what takes long may be left out */
};

/* What a probe kind has to know: one file each, a table in probe.c. */
struct probe_kind_operations {
	const char *name; /* the field's word, for messages */
	enum bpf_prog_type program_type;
	/* Whether the kernel has such probes, before a program is loaded. May be NULL. */
	int (*check)(struct probes *probes, struct error *error);
	/* For programs that it takes more than their type to load; else NULL. */
	int (*load)(const struct loader *loader, const struct probe *probe, struct error *error);
	/*
	 * Attaches the loaded program once, or once for each copy, by probes_add_*(). Returns 0 or
	 * a negative errno, whose line may be left out where strerror() says it all.
	 */
	int (*attach)(struct probes *probes, const struct probe *probe, int program_fd,
		      struct error *error);
	/* For a trial, where to detach takes long: whether attach() would do. May be NULL. */
	int (*find)(struct probes *probes, const struct probe *probe, struct error *error);
};

extern const struct probe_kind_operations probe_kprobe, probe_kretprobe, probe_uprobe,
	probe_uretprobe, probe_tracepoint, probe_raw_tracepoint, probe_btf_raw_tracepoint;

void probes_init(struct probes *probes);

/*
 * Attaches the first set of the list (which ends with one without probes) that can be attached.
 * Returns its index; the line then says why those before it can't, and is empty for the first.
 * Where there is none it returns a negative errno, the line says why for each, and nothing stays
 * attached.
 */
int probes_attach(struct probes *probes, const struct probe_set *sets, struct loader *loader,
		  struct error *error);

void probes_detach(struct probes *probes);

/*
 * How often the kernel did not run an attached program because one was running on that CPU already
 * (of a task that was preempted in the middle of it): recursion_misses in struct bpf_prog_info,
 * which kernels from 5.12 on count.
 */
uint64_t probes_missed(const struct probes *probes);

/* For the probe kinds: tracefs' descriptor, opened when first asked for, or a negative errno. */
int probes_tracefs(struct probes *probes, struct error *error);

/* For the probe kinds: owns fd from here on, also if it fails. event may be NULL. 0 or -ENOMEM. */
int probes_add_link(struct probes *probes, int fd, const char *event, bool is_uprobe);

struct perf_event_attr;

/* For the probe kinds: opens the perf event, lets it run the program, adds the link. */
int probes_add_perf_event(struct probes *probes, struct perf_event_attr *attributes, int program_fd,
			  const char *event, bool is_uprobe);

/* Whether this process may open perf events on a CPU: 0 or a negative errno. */
int probe_try_perf_event(void);

/* What stands at the head of a definition in tracefs' text interface. */
struct text_event {
	bool is_uprobe;
	bool is_return;
	unsigned int
		max_active; /* of a kretprobe: tasks inside at a time, 0: the kernel's default */
};

/*
 * For kprobes and uprobes on kernels before 4.17, and for what the perf PMU can't be asked: makes
 * an event in tracefs' text interface (kprobe_events and uprobe_events;
 * Documentation/trace/kprobetrace.rst), from its definition without the head ("do_init_module",
 * "/bin/bash:0x1234"), and attaches to it. Names hold the PID, so that what a killed process left
 * is recognised and removed.
 */
int probes_add_text_event(struct probes *probes, const struct text_event *head,
			  const char *definition, int program_fd, struct error *error);

/* The file of the text interface, by its name in tracefs. */
const char *probe_text_file(bool is_uprobe);

/*
 * For the probe kinds: whether there are uprobes or kprobes, by the perf PMU or in the text
 * interface. 0 or a negative errno with a line.
 */
int probes_check_dynamic(struct probes *probes, bool is_uprobe, struct error *error);

/*
 * The type number of the perf PMU "kprobe" or "uprobe", for perf_event_attr.type, from sysfs
 * (kernels from 4.17 on; Documentation/ABI/testing/sysfs-bus-event_source-devices), or a negative
 * errno.
 */
int probe_pmu_type(const char *name);

#endif
