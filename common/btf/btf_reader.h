/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel's BTF, read: types by their number and by name, and of each what C needs to know and
 * BTF says only indirectly. The format is described in the kernel's
 * Documentation/bpf/btf.rst.
 *
 * A type is known by its number, as in BTF; 0 is void. Functions that take a number expect one of
 * this BTF.
 */
#ifndef SNOOPKIT_BTF_READER_H
#define SNOOPKIT_BTF_READER_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/name_table.h"

struct btf_reader {
	struct btf *btf;
	struct name_table tags;	    /* value: the first struct, union or enum of that name */
	struct name_table typedefs; /* value: the first typedef of that name */
	unsigned char *aligns;	    /* of each type, in bytes; 0: not known yet */
	bool *packed;		    /* of each type whose alignment is known */
	bool signs_unknown;	    /* this BTF has no enum that says whether it is signed */
};

/* Returns 0 or a negative errno; to be closed in either case. reader must be all zero. */
int reader_open(struct btf_reader *reader, const char *path);
void reader_close(struct btf_reader *reader);

uint32_t reader_count(const struct btf_reader *reader);
const struct btf_type *reader_type(const struct btf_reader *reader, uint32_t id);

/* A name in C, owned by the BTF; "" for none, and for a name that C can't say (Rust has such). */
const char *reader_string(const struct btf_reader *reader, uint32_t offset);
const char *reader_name(const struct btf_reader *reader, uint32_t id);

/* Whether it has a tag in C, if only it has a name: struct, union, enum. */
bool btf_has_tag(const struct btf_type *type);

/* The type behind const, volatile, restrict and type tags; and behind typedefs too. */
uint32_t btf_skip_qualifiers(const struct btf *btf, uint32_t id);
uint32_t btf_skip_typedefs(const struct btf *btf, uint32_t id);

/* The definition of a struct or union that a type only announces; else the type itself. */
uint32_t reader_resolve(const struct btf_reader *reader, uint32_t id);

/* Width in bits of a bit-field, 0 for a member that is none. *offset: where it begins, in bits. */
uint32_t reader_bit_field(const struct btf_reader *reader, const struct btf_type *type,
			  uint32_t index, uint32_t *offset);

/*
 * What BTF does not say: which alignment a type has, in bytes, and whether a struct or union was
 * declared packed. It must have been where a member does not fit its own type's alignment.
 */
unsigned int reader_align(struct btf_reader *reader, uint32_t id);
bool reader_is_packed(struct btf_reader *reader, uint32_t id);

/* ---- enums ---- */

struct enum_value {
	uint64_t bits; /* two's complement */
	bool negative;
};

const char *btf_enumerator_name(const struct btf *btf, const struct btf_type *type, uint32_t index);
bool reader_enum_is_signed(const struct btf_reader *reader, const struct btf_type *type);
struct enum_value reader_enum_value(const struct btf_reader *reader, const struct btf_type *type,
				    uint32_t index);

#endif
