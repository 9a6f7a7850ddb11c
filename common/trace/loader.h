/* SPDX-License-Identifier: Apache-2.0 */
/* Image + parameter values -> maps and programs in the kernel. */
#ifndef SNOOPKIT_LOADER_H
#define SNOOPKIT_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "trace/verifier_log.h"

#define LOADER_MAP_SIZES  4
#define LOADER_CONTINUED  8
#define LOADER_TAILS	  "who_programs" /* a program array of the source: loader_fill_tails() */
#define LOADER_TAIL_KINDS 4

/* The number of entries of a map, instead of the source's. */
struct loader_map_size {
	const char *name; /* NULL: none */
	uint32_t entries;
};

struct loader {
	const struct image *image; /* not owned */
	uint64_t parameters[IMAGE_PARAMETERS];
	const struct loader_map_size *map_sizes; /* LOADER_MAP_SIZES of them, or NULL */
	/* Whether a program of that name may be loaded, with this context; NULL: each may. */
	bool (*may_load)(const void *context, const char *program);
	const void *may_load_context;
	int map_fds[64]; /* by index in the image; -1 before loader_create_maps() */
	uint32_t kern_version;
	struct source_text source;
	const char *continued[LOADER_CONTINUED]; /* programs that tail calls reach, up to a NULL */
	/* The program arrays LOADER_TAILS, one for each type of programs; -1: the image has none.
	 */
	int tail_fds[LOADER_TAIL_KINDS];
	bool tails_filled[LOADER_TAIL_KINDS]; /* their programs are loaded */
	bool verbose; /* print the verifier's log on standard error, also on success */
};

/*
 * parameters has IMAGE_PARAMETERS values, which are copied. The image must outlive the loader. Call
 * loader_close() at the end.
 */
void loader_init(struct loader *loader, const struct image *image, const uint64_t *parameters);

/* A loader without an image, to try probe points: each of its programs does nothing. */
void loader_init_trial(struct loader *loader, uint32_t kern_version);

/*
 * Replaces the image's map of that name by a map that another program pinned in a bpf file system.
 * The pinned map must be a hash (BPF_MAP_TYPE_HASH or BPF_MAP_TYPE_LRU_HASH) with the same key
 * size. Call this before loader_create_maps(). Returns 0 or a negative errno with a message:
 * -ENOENT if the image has no such map or nothing is pinned at path, -EINVAL if the pinned map does
 * not fit.
 */
int loader_use_pinned_map(struct loader *loader, const char *name, const char *path,
			  struct error *error);

/*
 * Creates the image's maps, except those replaced by pinned maps. Returns 0 or a negative errno
 * with a message; loader_close() removes the maps that were created before the failure.
 */
int loader_create_maps(struct loader *loader, struct error *error);

/*
 * Creates the image's program arrays again. The first program that is loaded with a program array
 * fixes its type: programs of another type need a new array. No program that was loaded before may
 * still run. Returns 0 or a negative errno with a message.
 */
int loader_renew_program_arrays(struct loader *loader, struct error *error);

/* Returns the map's fd, which stays the loader's, or -1 if the image has no such map. */
int loader_map(const struct loader *loader, const char *name);

/*
 * Says that a tail call reaches the program: it goes on with the fields that an edited program has
 * added (bpfsrc/added.bpf.h), where others begin without any. The name is not copied. At most
 * LOADER_CONTINUED - 1 programs (asserted).
 */
void loader_continue(struct loader *loader, const char *program);

/*
 * Loads one program and returns its fd, which the caller closes, or a negative errno with a
 * message: -ENOENT if the image has no program of that name, or the kernel's errno with the end of
 * the verifier's log as the error's detail, with the lines of the user's source in it. Before 5.0
 * the kernel compares kern_version for kprobes (see kernel_own_version_code()).
 */
int loader_load(const struct loader *loader, const char *name, uint32_t type, struct error *error);

/*
 * The same for the program of the image's BTF raw tracepoint, whose arguments are trusted pointers
 * (kernels with BTF, since 5.5). -ENOENT also if the kernel's BTF has no such tracepoint.
 */
int loader_load_btf(const struct loader *loader, const char *name, struct error *error);

void loader_close(struct loader *loader);

/*
 * Puts those of these programs, up to a NULL, that the image has into the array LOADER_TAILS of the
 * programs of that type, enum bpf_prog_type. A program that calls one of that array can be loaded
 * as any type. The second time for a type it does nothing. Returns 0, also if the image has no such
 * array, or a negative errno with a message.
 */
int loader_fill_tails(struct loader *loader, uint32_t type, const char *const *programs,
		      struct error *error);

/* Raises RLIMIT_MEMLOCK as far as allowed: kernels before 5.11 charge maps and programs to it. */
void loader_lift_memlock(void);

#endif
