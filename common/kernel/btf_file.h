/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel's BTF (Documentation/bpf/btf.rst), read and checked whole when it is opened. Of the
 * running kernel's own, in sysfs, only the frame is checked: the kernel itself relies on the rest.
 *
 * An ID is BTF's number of a type; 0 is void. What is checked, and so holds for each type of an
 * opened file: its members or parameters are within the file; each ID in it is below
 * btf_file_count(), and a function's is that of a prototype; each name ends; no type contains
 * itself; following pointers, arrays and names ends; and neither is deeper than BTF_DEPTH.
 */
#ifndef SNOOPKIT_BTF_FILE_H
#define SNOOPKIT_BTF_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/btf_type.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux" /* of the running kernel */

/* Of structs within structs, and of pointers to pointers: the kernel's own have a quarter. */
#define BTF_DEPTH 64

struct btf_file;

/*
 * Returns 0 and BTF, for btf_file_close(), or a negative errno: -EINVAL for bytes that are no BTF,
 * that have the other byte order or that break one of the promises above. A file that is open
 * already is not read again.
 */
int btf_file_open(const char *path, struct btf_file **btf);

/* The same for BTF in memory, which must outlive it. */
int btf_file_parse(const void *data, size_t size, struct btf_file **btf);

/* btf may be NULL. */
void btf_file_close(struct btf_file *btf);

/* All IDs are below this. */
uint32_t btf_file_count(const struct btf_file *btf);

/* id must be below btf_file_count(). */
const struct btf_type *btf_file_type(const struct btf_file *btf, uint32_t id);

/* A name by its offset, owned by the BTF. "" if there is none. */
const char *btf_file_string(const struct btf_file *btf, uint32_t offset);

/* In bytes; 0 for what has no size: void, functions, forward declarations. */
uint64_t btf_file_size_of(const struct btf_file *btf, uint32_t id);

/* IDs in a kernel's BTF; 0: there is no BTF or no such type. */
struct btf_ids {
	uint32_t tracepoint;
	uint32_t cast;	/* the function bpf_rdonly_cast(), since 6.2 */
	uint32_t files; /* struct files_struct */
	uint32_t task;	/* struct task_struct */
};

/* As btf_file_find_tracepoint(), and the others. tracepoint may be NULL: then its ID is 0. */
struct btf_ids btf_file_find_ids(const char *path, const char *tracepoint);

/*
 * The ID of the type that a BTF raw tracepoint program is loaded with: the typedef btf_trace_NAME
 * (include/trace/bpf_probe.h). 0 if there is no BTF or no such type.
 */
uint32_t btf_file_find_tracepoint(const char *path, const char *name);

#endif
