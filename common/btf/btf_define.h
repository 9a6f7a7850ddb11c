/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the kernel's types a program needs, and in which order C wants them.
 *
 * A type is taken when the program's text names it (struct task_struct, kuid_t, ITER_UBUF), when
 * it is embedded in a type that is taken, or when a member the text names points to it.
 */
#ifndef SNOOPKIT_BTF_DEFINE_H
#define SNOOPKIT_BTF_DEFINE_H

#include "btf/btf_reader.h"
#include "base/name_table.h"

/*
 * The text of their definitions, malloc'ed. words: of the program's text (source_scan.h), with
 * WORD_OWN for what is defined elsewhere; the enumerators that are written get WORD_OWN too.
 * Returns 0 or -ENOMEM.
 */
int btf_define_types(struct btf_reader *reader, struct name_table *words, char **text);

#endif
