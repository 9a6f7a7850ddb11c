/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of each kernel type a program needs, judged by the words of its text. A struct gets only
 * the members whose names occur in the text. Types that the text or libbcc's own <linux/bpf.h>
 * defines are left out.
 */
#ifndef SNOOPKIT_BTF_CHOICE_H
#define SNOOPKIT_BTF_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "btf/btf_reader.h"
#include "base/name_table.h"

struct btf_choice {
	struct btf_reader *reader; /* not owned */
	struct name_table *words;  /* of the text, with the flags of source_scan.h; not owned */
	bool *whole;		   /* for each type: take all members, named or not */
};

/* Returns 0 or -ENOMEM. Call choice_free() in either case. */
int choice_init(struct btf_choice *choice, struct btf_reader *reader, struct name_table *words);
void choice_free(struct btf_choice *choice);

/* The WORD_ flags of a name; 0 if the text does not contain it. */
unsigned int choice_word(const struct btf_choice *choice, const char *name);

/* Takes all members of a struct or union, also of the nameless structs and unions in it. */
void choice_take_whole(struct btf_choice *choice, uint32_t id);

/* Whether a member is taken; a nameless struct or union is if one of its own members is. */
bool choice_takes_member(const struct btf_choice *choice, uint32_t id, uint32_t index);

/*
 * Whether declarations use a typedef by its name. Most are replaced by the type that they stand
 * for. Kept are those that are the only name of a struct or union: kuid_t, atomic_t.
 */
bool choice_keeps_typedef(const struct btf_choice *choice, const struct btf_type *type);

/* Whether the text or libbcc defines a struct, union or enum of that name. */
bool choice_leaves_tag(const struct btf_choice *choice, const char *tag);

/*
 * The word of the text that needs an enumerator, or NULL. After writing the enumerator set WORD_OWN
 * in that word, so that it is not written twice.
 */
struct name *choice_takes_enumerator(const struct btf_choice *choice, const struct btf_type *type,
				     uint32_t index);

#endif
