/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that a C text uses and defines. Only its tokens are read: the preprocessor does not
 * run, and no type is known. No word is missed, but some are found in vain: words in a branch that
 * #if leaves out count too, and all scopes are one.
 */
#ifndef SNOOPKIT_SOURCE_SCAN_H
#define SNOOPKIT_SOURCE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name_table.h"

/* How a word is used. A word that is only used as a member (after . or ->) has none of these. */
enum {
	WORD_TAG = 1,	  /* used after struct, union or enum */
	WORD_PLAIN = 2,	  /* used where a typedef or an enumerator is possible */
	WORD_OWN_TAG = 4, /* the text defines a struct, union or enum of that name */
	WORD_OWN = 8,	  /* the text defines something else of that name: a macro, a function, a
			     variable, an enumerator, a typedef, a map (BPF_HASH and the like) */
};

struct source_names {
	struct name_table words;    /* every identifier; value: WORD_ flags */
	struct name_table includes; /* the kernel headers that are included; value: not used */
};

/*
 * names must be zeroed; its texts point into source, which must outlive it. Returns 0 or -ENOMEM.
 * Call source_names_free() in either case.
 */
int source_scan(struct source_names *names, const char *source);
void source_names_free(struct source_names *names);

/* Whether an identifier can begin with that character. */
bool is_identifier_start(char c);

/* The length in bytes of the identifier at text; digits count as identifiers too. */
size_t identifier_length(const char *text);

#endif
