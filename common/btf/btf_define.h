/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kernel types a program needs, and in which order C needs their definitions.
 *
 * A type is defined if the program's text names it (struct task_struct, kuid_t, ITER_UBUF), if it
 * is embedded in a defined type, or if a member that the text names points to it.
 */
#ifndef SNOOPKIT_BTF_DEFINE_H
#define SNOOPKIT_BTF_DEFINE_H

#include "btf/btf_reader.h"
#include "base/name_table.h"

/*
 * *text becomes the definitions as C, which the caller frees. words are those of the program's text
 * (source_scan.h), with WORD_OWN for everything that is defined elsewhere; the enumerators that are
 * written get WORD_OWN too. Returns 0 or -ENOMEM.
 */
int btf_define_types(struct btf_reader *reader, struct name_table *words, char **text);

#endif
