/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image: the maps and programs of a compiled BPF source as plain data. It depends neither on the
 * process that compiled it nor on the options that it will run with. The compiler makes it, the
 * cache keeps it, the loader turns it into maps and programs in the kernel.
 *
 * The loader fills in calls of the number IMAGE_CAST_MAGIC: they become calls of the kernel
 * function bpf_rdonly_cast() (bpfsrc/trusted.bpf.h). And it fills in two kinds of LD_IMM64
 * instructions:
 *  - a map: src_reg is BPF_PSEUDO_MAP_FD, imm is the map's index in the image;
 *  - a parameter: src_reg is 0, the upper imm is IMAGE_PARAMETER_MAGIC, the lower imm the
 *    parameter's number (PARAM() in bpfsrc/prelude.bpf.h makes these).
 */
#ifndef SNOOPKIT_IMAGE_H
#define SNOOPKIT_IMAGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define IMAGE_FORMAT	      7 /* increase it when image_write() writes something else */
#define IMAGE_PARAMETER_MAGIC 0x5eed0001
#define IMAGE_CAST_MAGIC      0x5eed0002
#define IMAGE_NAME_SIZE	      128
#define IMAGE_PARAMETERS      32 /* parameter numbers are below this */

struct image_map {
	char name[IMAGE_NAME_SIZE];
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries; /* 0 for a perf event array: the loader sizes it for the CPUs */
	uint32_t flags;
};

/* A row of image_check_map()'s kind: EXPECTED_MAP("lost_events", PERCPU_ARRAY, uint32_t, uint64_t)
 */
#define EXPECTED_MAP(its_name, its_type, key, value)                                        \
	{                                                                                   \
		.name = its_name, .type = BPF_MAP_TYPE_##its_type, .key_size = sizeof(key), \
		.value_size = sizeof(value)                                                 \
	}

struct image_program {
	char name[IMAGE_NAME_SIZE];
	uint32_t instruction_count;
	struct bpf_insn *instructions;
	uint32_t *lines; /* of the source, for each instruction, 0: none; NULL: not known */
};

/* Bit n of image.parameters. */
#define IMAGE_PARAMETER(n)   (1U << (n))
#define IMAGE_ALL_PARAMETERS UINT32_MAX

_Static_assert(IMAGE_PARAMETERS == 32, "a parameter has a bit");

struct image {
	char compiler[512];	    /* which libbcc: see libbcc_identity() */
	uint32_t kern_version;	    /* LINUX_VERSION_CODE of the headers it was compiled with */
	uint32_t kernel_has;	    /* bit n: the kernel passed the tool's feature test n */
	uint32_t tracepoint_btf_id; /* of the BTF raw tracepoint's type; 0 if there is none */
	uint32_t cast_btf_id;	    /* of bpf_rdonly_cast(); 0: the kernel has none */
	uint32_t files_btf_id;	    /* of struct files_struct */
	uint32_t task_btf_id;	    /* of struct task_struct */
	uint32_t probe_set;  /* has the programs of that set of the tool's, from 1 on; 0: of all */
	uint32_t parameters; /* those that can be set; in the programs the others are 0 */
	uint32_t map_count;
	uint32_t program_count;
	struct image_map *maps;
	struct image_program *programs;
};

bool instruction_is_map(const struct bpf_insn *instruction);
bool instruction_is_parameter(const struct bpf_insn *instruction);
bool instruction_is_cast(const struct bpf_insn *instruction);

/* Appends the image as bytes, in the host's byte order. buffer->failed without memory. */
void image_write(const struct image *image, struct buffer *buffer);

/*
 * Reads an image, for image_free(), from bytes that may be damaged or hostile: every count, name,
 * map index and parameter number is checked. Returns 0, -EBADMSG or -ENOMEM.
 */
int image_read(const void *data, size_t size, struct image **image);

/*
 * Adds to an image the maps and the programs of another one that it does not have by name, and
 * takes the latter out of that. Maps of one name become one. Returns 0, or a negative errno with a
 * message: -EINVAL if such maps differ. After an error both are only for image_free().
 */
int image_add(struct image *image, struct image *other, struct error *error);

/* image may be NULL. */
void image_free(struct image *image);

/* The program of that name, or NULL. */
const struct image_program *image_find_program(const struct image *image, const char *name);

/*
 * Whether the image's map of that name, if it has one, has the same type and sizes: who reads it
 * relies on them. Returns 0 or -EINVAL with a message.
 */
int image_check_map(const struct image *image, const struct image_map *expected,
		    struct error *error);

/* The index of the map of that name, or -1. */
int image_find_map(const struct image *image, const char *name);

#endif
