/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields that an edited program adds to its events: made by added.bpf.h, read by
 * common/tool/added_fields.c. They follow the event, in this order: a struct added_head, the
 * values, the texts. Field n is bit n of the head's masks and number n of the values.
 */
#ifndef SNOOPKIT_ADDED_H
#define SNOOPKIT_ADDED_H

#include <linux/types.h>

#define ADDED_MOST	 32   /* fields of a program */
#define ADDED_TEXT_SIZE	 4096 /* bytes of an event's texts together */
#define ADDED_ONE_TEXT	 256  /* bytes of a text with its NUL; a longer one is cut */
#define ADDED_TEXT_SHIFT 32   /* a text's value: its offset, and from this bit on its size */

struct added_head {
	__u32 present;	 /* the field has a value */
	__u32 is_signed; /* its value is an s64, else a u64 */
	__u32 is_text;
	__u32 text_size; /* bytes of the texts */
};

#endif
