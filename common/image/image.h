/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image: a compiled BPF program as plain data, with nothing in it of the process that compiled
 * it or of the options it will be run with. The compiler makes it, the cache keeps it, the loader
 * turns it into maps and programs in the kernel.
 *
 * Two kinds of LD_IMM64 instructions stand for something the loader fills in:
 *  - a map: src_reg is BPF_PSEUDO_MAP_FD, imm the map's index in the image;
 *  - a parameter: src_reg is 0, the upper imm IMAGE_PARAMETER_MAGIC, the lower the parameter's
 *    number (PARAM() in bpfsrc/prelude.bpf.h makes them).
 */
#ifndef SNOOPKIT_IMAGE_H
#define SNOOPKIT_IMAGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define IMAGE_FORMAT	      3 /* changes with what image_write() writes */
#define IMAGE_PARAMETER_MAGIC 0x5eed0001
#define IMAGE_NAME_SIZE	      64
#define IMAGE_PARAMETERS      32 /* parameter numbers are below this */

struct image_map {
	char name[IMAGE_NAME_SIZE];
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries; /* of a perf event array: 0, the loader knows the CPUs */
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
};

struct image {
	char compiler[512];    /* which libbcc: see compiler_identity() */
	uint32_t kern_version; /* LINUX_VERSION_CODE of the headers it was compiled with */
	uint32_t kernel_has;   /* bit n: the tool's nth question to the kernel's types was answered
				  yes */
	uint32_t tracepoint_btf_id; /* of the typed tracepoint, in the kernel's BTF; 0: none */
	uint32_t map_count;
	uint32_t program_count;
	struct image_map *maps;
	struct image_program *programs;
};

bool instruction_is_map(const struct bpf_insn *instruction);
bool instruction_is_parameter(const struct bpf_insn *instruction);

/* Appends the image as bytes (the host's byte order). */
void image_write(const struct image *image, struct buffer *buffer);

/*
 * The image in those bytes, to be freed with image_free(). Every count, name, map index and
 * parameter number is checked: -EBADMSG if anything is off, -ENOMEM.
 */
int image_read(const void *data, size_t size, struct image **image);

void image_free(struct image *image);

/* NULL where the image has none of that name. */
const struct image_program *image_find_program(const struct image *image, const char *name);

/*
 * Whether the image's map of that name, if it has one, has the same type and sizes: who reads it
 * relies on them. Returns 0 or -EINVAL with a message.
 */
int image_check_map(const struct image *image, const struct image_map *expected,
		    struct error *error);

/* -1 where the image has none of that name. */
int image_find_map(const struct image *image, const char *name);

#endif
