/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel's types, read from BTF (Documentation/bpf/btf.rst): by ID and by name, with properties
 * that C needs and BTF does not store.
 *
 * An ID is BTF's number of a type; 0 is void. Every ID that a function takes must be valid in this
 * BTF.
 */
#ifndef SNOOPKIT_BTF_READER_H
#define SNOOPKIT_BTF_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/name_table.h"
#include "kernel/btf_file.h"

struct btf_reader {
	struct btf_file *btf;
	/* Of the wanted names: value: ID of the first type that has it. */
	struct name_table tags; /* structs, unions and enums */
	struct name_table typedefs;
	unsigned char *aligns; /* for each type, in bytes; 0: not computed yet */
	bool *packed;	       /* for each type; valid once its alignment is computed */
	bool signs_unknown;    /* no enum in this BTF says whether it is signed */
};

/*
 * reader must be zeroed. Only the types with wanted names can be found by name, for most of a
 * kernel's are of no use; the reader adds to them names that it needs itself, which end with it.
 * Returns 0 or a negative errno. Call reader_close() in either case.
 */
int reader_open(struct btf_reader *reader, const char *path, struct name_table *wanted);
void reader_close(struct btf_reader *reader);

/* All IDs are below this. */
uint32_t reader_count(const struct btf_reader *reader);

const struct btf_type *reader_type(const struct btf_reader *reader, uint32_t id);

/* A name, owned by the BTF. "" if there is none or it is no identifier in C (Rust has such). */
const char *reader_string(const struct btf_reader *reader, uint32_t offset);
const char *reader_name(const struct btf_reader *reader, uint32_t id);

/* Whether it is a struct, union or enum. */
bool btf_has_tag(const struct btf_type *type);

/* The ID without const, volatile, restrict and type tags. */
uint32_t btf_skip_qualifiers(const struct btf_file *btf, uint32_t id);

/* The ID without those and without typedefs. */
uint32_t btf_skip_typedefs(const struct btf_file *btf, uint32_t id);

/* For a forward declaration the ID of its struct or union, if this BTF has it; else the same ID. */
uint32_t reader_resolve(const struct btf_reader *reader, uint32_t id);

/* A bit-field's width in bits, or 0 for another member. *offset is where it begins, in bits. */
uint32_t reader_bit_field(const struct btf_reader *reader, const struct btf_type *type,
			  uint32_t index, uint32_t *offset);

/* A type's alignment in bytes, computed from its members: BTF does not store it. */
unsigned int reader_align(struct btf_reader *reader, uint32_t id);

/* Whether a struct or union must be packed, because a member is not at its type's alignment. */
bool reader_is_packed(struct btf_reader *reader, uint32_t id);

/* ---- enums ---- */

struct enum_value {
	uint64_t bits; /* two's complement */
	bool negative;
};

const char *btf_enumerator_name(const struct btf_file *btf, const struct btf_type *type,
				uint32_t index);
bool reader_enum_is_signed(const struct btf_reader *reader, const struct btf_type *type);
struct enum_value reader_enum_value(const struct btf_reader *reader, const struct btf_type *type,
				    uint32_t index);

#endif
