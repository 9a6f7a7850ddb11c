/* SPDX-License-Identifier: Apache-2.0 */
/* Image + parameter values -> maps and programs in the kernel. */
#ifndef SNOOPKIT_LOADER_H
#define SNOOPKIT_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"

#define LOADER_MAP_SIZES 4

/* A map that is to have another number of entries than its source says. */
struct loader_map_size {
	const char *name; /* NULL: none */
	uint32_t entries;
};

struct loader {
	const struct image *image; /* not owned */
	uint64_t parameters[IMAGE_PARAMETERS];
	const struct loader_map_size *map_sizes; /* LOADER_MAP_SIZES of them, or NULL */
	int map_fds[64]; /* by the image's index; -1 before loader_create_maps() */
	uint32_t kern_version;
	bool verbose; /* the verifier's log on standard error also when it is content */
};

/*
 * parameters holds IMAGE_PARAMETERS values, which are copied; the image must outlive the loader.
 * The loader is to be closed.
 */
void loader_init(struct loader *loader, const struct image *image, const uint64_t *parameters);

/* To try probe points: without an image every program is one that does nothing. */
void loader_init_trial(struct loader *loader, uint32_t kern_version);

/*
 * Puts somebody else's pinned map in place of the image's own map of that name. The pinned one
 * must be a hash with the same key size (in the kernel's terms BPF_MAP_TYPE_HASH, pinned in a bpf
 * file system). Call before loader_create_maps(). Returns 0 or a negative errno with a line:
 * -ENOENT where nothing is pinned there, -EINVAL where it is no such map.
 */
int loader_use_pinned_map(struct loader *loader, const char *name, const char *path,
			  struct error *error);

/*
 * Creates the image's maps, all but those that others pinned. Returns 0 or a negative errno with a
 * line; loader_close() removes what was made until then.
 */
int loader_create_maps(struct loader *loader, struct error *error);

/*
 * Makes the image's program arrays anew. A program array belongs to the type of the first program
 * that is loaded with it: programs of another type need another one. None of those loaded before is
 * to run any more. Returns 0 or a negative errno with a line.
 */
int loader_renew_program_arrays(struct loader *loader, struct error *error);

/* The fd stays the loader's. -1 where the image has no such map. */
int loader_map(const struct loader *loader, const char *name);

/*
 * Loads one program and returns its fd, the caller's to close. -ENOENT where the image has none of
 * that name; where the kernel refuses it, its negative errno with the verifier's log as the error's
 * detail. Before Linux 5.0 it compares kern_version for kprobes (see kernel_version_code()).
 */
int loader_load(const struct loader *loader, const char *name, enum bpf_prog_type type,
		struct error *error);

/*
 * The same of the program for the image's typed tracepoint: a raw one whose program knows the
 * kernel's types and so reads by plain loads (kernels from 5.5 on with BTF). -ENOENT also where the
 * kernel's BTF has no such tracepoint.
 */
int loader_load_btf(const struct loader *loader, const char *name, struct error *error);

void loader_close(struct loader *loader);

/* Lifts RLIMIT_MEMLOCK as far as allowed: kernels before 5.11 charge maps and programs to it. */
void loader_lift_memlock(void);

#endif
