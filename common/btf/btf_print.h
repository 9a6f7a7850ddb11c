/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's types as C: of each as much as is chosen, with each member at its own offset.
 *
 * The layout is written so that no compiler can see another one. libbcc's clang lays types out for
 * the host and translates them with the BPF data layout, where an integer wider than 64 bits is
 * aligned to 16 bytes instead of 8; clang makes such an integer of a long run of bit-fields, and
 * all that follows then moves, unseen by offsetof. So padding is plain bytes, and a run of
 * bit-fields is cut at each multiple of 64 bits.
 *
 * libbpf's btf_dump can do none of this. It writes a type with all its members and all that they
 * embed, pads with bit-fields (long: 64), writes types that libbcc's own headers define once more,
 * and has no place where a caller could choose. Its btf_dump__emit_type_decl(), for a declaration
 * alone, writes a nameless struct in it out in the same way, and wants every typedef defined.
 */
#ifndef SNOOPKIT_BTF_PRINT_H
#define SNOOPKIT_BTF_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "btf/btf_choice.h"
#include "base/buffer.h"

struct btf_print {
	struct btf_choice *choice; /* not owned */
	struct btf_reader *reader; /* the choice's */
	struct buffer out;	   /* failed: without memory */
	bool *open;		   /* of each type: its body is being printed */
	unsigned int pads;	   /* numbers the padding members */
};

/* print must be all zero. Returns 0 or -ENOMEM; to be freed in either case. */
int print_init(struct btf_print *print, struct btf_choice *choice);
void print_free(struct btf_print *print);

/*
 * Appends the definition of a struct, union, enum or typedef to out. What it uses must stand there
 * before; see btf_define.h.
 */
void print_definition(struct btf_print *print, uint32_t id);

#endif
