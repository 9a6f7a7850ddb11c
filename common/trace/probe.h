/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probe points, as a tool declares them. This is the only header of trace/ for tools. probes.h
 * attaches the probes.
 */
#ifndef SNOOPKIT_PROBE_H
#define SNOOPKIT_PROBE_H

#include <stdbool.h>

enum probe_kind {
	PROBE_END, /* closes a list of probes */
	PROBE_KPROBE,
	PROBE_KRETPROBE,
	PROBE_UPROBE,
	PROBE_URETPROBE,
	PROBE_TRACEPOINT,
	PROBE_RAW_TRACEPOINT,
	PROBE_BTF_RAW_TRACEPOINT, /* tp_btf: the program gets trusted pointers */
	PROBE_TAIL_CALL, /* no probe: the program goes into a program array, for tail calls */
};

struct probe {
	enum probe_kind kind;
	const char *target;	/* function; "category:event"; raw tracepoint; program array */
	const char *program;	/* the function in the BPF source */
	const char *binary;	/* uprobes: the ELF file's path */
	const char *instead_of; /* attached only if the probe with this target was not attached */
	const bool *wanted;	/* attached only if this is true; NULL: always */
	enum probe_kind of;	/* tail calls: the kind of the programs that make the call */
	bool optional;		/* if it can't be attached, the set is attached without it */
	const char *misses;	/* optional: what is not seen without it, as a phrase; or NULL */
	const char *
		place; /* of the program in a user's source, "FILE:LINE: ", for messages; or NULL */
	bool every_copy;   /* attach to all functions of that name, not to one */
	const char *needs; /* a feature test: the source has the program only where a kernel passes
			      it, elsewhere the set is not used; NULL: the source always has it */
};

/* Probes that together give a tool's events, or most of them. */
struct probe_set {
	const struct probe *probes;
	const char *misses; /* what this set does not see, as a noun phrase; NULL: nothing */
	const char *unless; /* not used on kernels that pass this feature test; NULL: always used */
};

/*
 * A struct probe in one line. Further members can follow the program:
 * KPROBE("io_openat2", "on_io_openat2", .optional = true).
 */
#define PROBE(its_kind, its_target, its_program, ...)                                       \
	{                                                                                   \
		.kind = its_kind, .target = its_target, .program = its_program, __VA_ARGS__ \
	}

#define KPROBE(function, ...)	      PROBE(PROBE_KPROBE, function, __VA_ARGS__)
#define KRETPROBE(function, ...)      PROBE(PROBE_KRETPROBE, function, __VA_ARGS__)
#define URETPROBE(function, ...)      PROBE(PROBE_URETPROBE, function, __VA_ARGS__)
#define TRACEPOINT(name, ...)	      PROBE(PROBE_TRACEPOINT, name, __VA_ARGS__)
#define RAW_TRACEPOINT(name, ...)     PROBE(PROBE_RAW_TRACEPOINT, name, __VA_ARGS__)
#define BTF_RAW_TRACEPOINT(name, ...) PROBE(PROBE_BTF_RAW_TRACEPOINT, name, __VA_ARGS__)
#define TAIL_CALL(array, its_program, caller, ...) \
	PROBE(PROBE_TAIL_CALL, array, its_program, .of = caller, __VA_ARGS__)

/*
 * A syscall's entry and exit. Probes are attached in the order of their list, and the exit comes
 * first: then every syscall that is seen at its entry is also seen at its exit. In the other order,
 * a syscall that returns before the exit is attached would be in flight forever.
 */
#define SYSCALL_TRACEPOINTS(syscall, on_enter, on_exit, ...)            \
	TRACEPOINT("syscalls:sys_exit_" syscall, on_exit, __VA_ARGS__), \
		TRACEPOINT("syscalls:sys_enter_" syscall, on_enter, __VA_ARGS__)

#define SYSCALL_KPROBES(syscall, on_enter, on_exit, ...)                \
	KRETPROBE(SYSCALL_PREFIX "sys_" syscall, on_exit, __VA_ARGS__), \
		KPROBE(SYSCALL_PREFIX "sys_" syscall, on_enter, __VA_ARGS__)

/*
 * Prefix of the syscall wrappers, functions whose only argument is the caller's pt_regs
 * (__x64_sys_execve): arch/(arch)/include/asm/syscall_wrapper.h, on x86 since 4.17, on arm64 since
 * 4.19.
 *
 * OR_INT80() is for a list of what a set does not see: only on x86 any program can use the 32-bit
 * entry.
 */
#if defined(__x86_64__)
#define SYSCALL_PREFIX	    "__x64_"
#define OR_INT80(separator) separator "by int $0x80"
#elif defined(__aarch64__)
#define SYSCALL_PREFIX	    "__arm64_"
#define OR_INT80(separator) ""
#else
#error "the prefix of syscall wrappers on this architecture is not known"
#endif

#endif
