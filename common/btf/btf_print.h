/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel types as C: of each type the chosen members, each at its own offset.
 *
 * Padding is plain bytes, never bit-fields, and a run of bit-fields is split at each multiple of 64
 * bits. libbcc's clang computes offsets for the host, but generates code with the BPF data layout.
 * clang merges a long run of bit-fields into one integer, and one wider than 64 bits is aligned to
 * 16 bytes in the BPF layout instead of 8: all members after it move. offsetof does not show that,
 * because it uses the host's layout.
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
	struct buffer out;	   /* the text; failed if memory ran out */
	bool *open;		   /* for each type: its body is being printed */
	unsigned int pads;	   /* the number of the next padding member */
};

/* print must be zeroed. Returns 0 or -ENOMEM. Call print_free() in either case. */
int print_init(struct btf_print *print, struct btf_choice *choice);
void print_free(struct btf_print *print);

/*
 * Appends the definition of a struct, union, enum or typedef to out. The definitions that it needs
 * must be there already (btf_define.h).
 */
void print_definition(struct btf_print *print, uint32_t id);

#endif
