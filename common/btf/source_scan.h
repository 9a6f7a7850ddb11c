/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a C text names: found by its tokens alone, without the preprocessor and without knowing a
 * type. It errs on the side of too much: a word is never missed, but one in a branch that #if
 * leaves out counts too, and all scopes are one.
 */
#ifndef SNOOPKIT_SOURCE_SCAN_H
#define SNOOPKIT_SOURCE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name_table.h"

/* How a word is used. A word that is only ever a member (behind . or ->) has none of these. */
enum {
	WORD_TAG = 1,	  /* stands behind struct, union or enum */
	WORD_PLAIN = 2,	  /* stands where a typedef or an enumerator can stand */
	WORD_OWN_TAG = 4, /* the text defines a struct, union or enum of that name */
	WORD_OWN = 8,	  /* the text defines something else of that name: a macro, a function, a
			     variable, an enumerator, a typedef, a map of libbcc's */
};

struct source_names {
	struct name_table words;    /* every identifier; value: WORD_ flags */
	struct name_table includes; /* the kernel's headers that are included; value: not used */
};

/*
 * source_names must be all zero; what it holds points into source. Returns 0 or -ENOMEM; to be
 * freed in either case.
 */
int source_scan(struct source_names *names, const char *source);
void source_names_free(struct source_names *names);

/* Whether an identifier begins with that character, and how long the one at text is. */
bool is_identifier_start(char c);
size_t identifier_length(const char *text);

#endif
