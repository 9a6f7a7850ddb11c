/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syscall bpf(2). A distribution's <linux/bpf.h> may be older than what is used here, and older
 * than the kernel: so the attributes are laid out in bpf.c, and newer numbers are named below. The
 * layout and the numbers are those of Linux's include/uapi/linux/bpf.h, which only grows.
 *
 * Each function returns a negative errno where it fails, and leaves it in errno too.
 */
#ifndef SNOOPKIT_BPF_H
#define SNOOPKIT_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers that headers of 4.15 to 5.12 lack, under names that newer ones do not have. */
enum {
	PROGRAM_TYPE_RAW_TRACEPOINT = 17, /* since 4.17 */
	PROGRAM_TYPE_TRACING = 26,	  /* since 5.5 */
	ATTACH_TYPE_RAW_TRACEPOINT = 23,  /* of a tracing program */
	HELPER_CURRENT_CGROUP_ID = 80,	  /* since 4.18 */
	HELPER_PROBE_READ_USER = 112,	  /* since 5.5 */
	HELPER_PROBE_READ_KERNEL = 113,
	CALL_OF_KERNEL_FUNCTION = 2, /* src_reg of a call; since 5.13 */
};

/* ---- maps ---- */

struct map_shape {
	const char *name; /* the kernel gets its first 15 bytes */
	uint32_t type;	  /* enum bpf_map_type */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
};

/* Returns the map's fd. */
int bpf_create_map(const struct map_shape *shape);

/* value has room for a value of the map; for one of each possible CPU in a map that has such. */
int bpf_lookup(int map, const void *key, void *value);

/* flags: BPF_ANY, BPF_NOEXIST or BPF_EXIST. */
int bpf_update(int map, const void *key, const void *value, uint64_t flags);
int bpf_delete(int map, const void *key);

/* The key after that one, or the first for NULL or for a key that is gone. -ENOENT: no more. */
int bpf_next_key(int map, const void *key, void *next);

/*
 * Where the kernel refuses these four to this process, an agent makes them: it is called instead
 * and returns what they return. value is NULL, or what they get or fill.
 */
enum bpf_map_call {
	BPF_CALL_LOOKUP = 1, /* these are also the numbers of bpf(2) */
	BPF_CALL_UPDATE,
	BPF_CALL_DELETE,
	BPF_CALL_NEXT_KEY,
};

typedef int (*bpf_agent)(enum bpf_map_call call, int map, const void *key, void *value,
			 uint64_t flags);

/* For the rest of the process's life. */
void bpf_set_agent(bpf_agent agent);

/* Opens what a program pinned at a path in a bpf file system; returns its fd. */
int bpf_open_pinned(const char *path);

/* All but the name. */
int bpf_describe_map(int map, struct map_shape *shape);

/* ---- programs ---- */

struct program_to_load {
	const char *name; /* the kernel gets its first 15 bytes */
	uint32_t type;	  /* enum bpf_prog_type */
	uint32_t attach_type;
	uint32_t attach_btf_id;
	uint32_t kern_version;
	const struct bpf_insn *instructions;
	uint32_t count; /* of the instructions */
	char *log;	/* for what the verifier says, or NULL */
	uint32_t log_size;
};

/* Returns the program's fd. Its licence is the GPL. */
int bpf_load(const struct program_to_load *program);

/*
 * Loads a program of this type that does nothing, and lets it go. Returns 0 or a negative errno:
 * -EINVAL if the kernel does not have the type.
 */
int bpf_try_type(uint32_t type);

/* There are raw tracepoints from Linux 4.17 on. */
bool bpf_has_raw_tracepoints(void);

/*
 * Runs a raw tracepoint program once on a CPU (since 5.10), with size bytes of arguments. Returns 0
 * where it ran, and in *result what it returned.
 */
int bpf_run_on_cpu(int program, const void *arguments, uint32_t size, unsigned int cpu,
		   uint32_t *result);

/* Attaches a program to the raw tracepoint of that name, NULL if it was loaded for one. */
int bpf_open_raw_tracepoint(const char *name, int program);

/* How often the kernel skipped the program because it was running already; 0 before 5.12. */
int bpf_count_misses(int program, uint64_t *misses);

/*
 * Whether a program of a tracepoint may call a helper, one without arguments or with those of
 * bpf_probe_read(): 0, or -EINVAL if the kernel does not have it, or another negative errno.
 */
int bpf_try_helper(int helper);

#endif
