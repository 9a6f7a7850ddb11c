/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of each of the kernel's types a program needs, by the words of its text. Of a struct
 * only those members are taken whose names occur; nothing is taken that the text or libbcc's own
 * <linux/bpf.h> defines.
 */
#ifndef SNOOPKIT_BTF_CHOICE_H
#define SNOOPKIT_BTF_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "btf/btf_reader.h"
#include "base/name_table.h"

struct btf_choice {
	struct btf_reader *reader; /* not owned */
	struct name_table *words;  /* of the text, WORD_ flags of source_scan.h; not owned */
	bool *whole;		   /* of each type: all its members, whatever the text names */
};

/* Returns 0 or -ENOMEM; to be freed in either case. */
int choice_init(struct btf_choice *choice, struct btf_reader *reader, struct name_table *words);
void choice_free(struct btf_choice *choice);

/* The WORD_ flags of a name, 0 for one that does not occur. */
unsigned int choice_word(const struct btf_choice *choice, const char *name);

/* Takes all members of a struct or union, and of the nameless ones in it. */
void choice_take_whole(struct btf_choice *choice, uint32_t id);

bool choice_takes_member(const struct btf_choice *choice, uint32_t id, uint32_t index);

/*
 * Whether a typedef is kept. It is written as what it stands for, except where it is the only name
 * of a struct or union: kuid_t, atomic_t.
 */
bool choice_keeps_typedef(const struct btf_choice *choice, const struct btf_type *type);

/* Whether a struct, union or enum is left to the text or to libbcc. */
bool choice_leaves_tag(const struct btf_choice *choice, const char *tag);

/*
 * The word that wants that enumerator, NULL where none does. Whoever writes it sets WORD_OWN, so
 * that it is not wanted again.
 */
struct name *choice_takes_enumerator(const struct btf_choice *choice, const struct btf_type *type,
				     uint32_t index);

#endif
