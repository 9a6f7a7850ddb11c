/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For edited programs: FIELD(name, value) and FIELD_STR(name, pointer) add a field to the events
 * that this run of the program submits after it. name is a word; value is an integer, signed or
 * unsigned, of 8 to 64 bits; pointer leads to a string in kernel memory, or in the traced program's
 * if it went through user_address().
 *
 * A field is absent if a read in its value fails (READ(), bpf_probe_read() and the like), or its
 * string can't be read. A failed read in a function that the value calls is not seen, it gives 0.
 *
 * The tool finds the fields in the source, and defines ADDED_FIELDS, their number, and for each
 * FIELD_NUMBER_name. Without fields nothing here is compiled.
 */
#ifdef ADDED_FIELDS
#include "added.h"

struct added_fields {
	u64 context; /* of the program's run: the loader sets it, and clears the head */
	struct added_head head;
	u64 values[ADDED_FIELDS];
	char text[ADDED_TEXT_SIZE];
};

#define ADDED_FIXED_SIZE (sizeof(struct added_head) + ADDED_FIELDS * sizeof(u64))
#define ADDED_SIZE	 (ADDED_FIXED_SIZE + ADDED_TEXT_SIZE)

BPF_PERCPU_ARRAY(added_fields, struct added_fields, 1);

/* In a field's value this is a pointer to what becomes its error; elsewhere there is none. */
enum { field_error_ = 0 };

#define NOTE_ERROR(call)                             \
	({                                           \
		long error_ = (call);                \
		long *noted_ = (long *)field_error_; \
		if (noted_)                          \
			*noted_ |= error_;           \
		error_;                              \
	})

#define bpf_probe_read(to, size, from) NOTE_ERROR(bpf_probe_read(to, size, from))
#ifndef bpf_probe_read_kernel /* libbcc defines it where the kernel has no such helper */
#define bpf_probe_read_kernel(to, size, from) NOTE_ERROR(bpf_probe_read_kernel(to, size, from))
#define bpf_probe_read_user(to, size, from)   NOTE_ERROR(bpf_probe_read_user(to, size, from))
#endif

static __always_inline void add_number(u32 number, u64 value, bool is_signed)
{
	u32 zero = 0;
	struct added_fields *added = added_fields.lookup(&zero);

	if (!added)
		return;
	added->values[number] = value;
	added->head.present |= 1U << number;
	added->head.is_text &= ~(1U << number);
	if (is_signed)
		added->head.is_signed |= 1U << number;
	else
		added->head.is_signed &= ~(1U << number);
}

/* Where no space is left, the text is empty and has the size 0: it was cut. */
static __always_inline void add_text(u32 number, const void *text)
{
	u32 zero = 0;
	struct added_fields *added = added_fields.lookup(&zero);
	long size = 0;
	u64 at;

	if (!added)
		return;
	at = added->head.text_size;
	asm volatile("" : "+r"(at));
	if (at <= ADDED_TEXT_SIZE - ADDED_ONE_TEXT) {
		size = bpf_probe_read_str(added->text + at, ADDED_ONE_TEXT, text);
		if (size < 0)
			return;
		added->head.text_size = at + size;
	}
	added->values[number] = at | (u64)size << ADDED_TEXT_SHIFT;
	added->head.present |= 1U << number;
	added->head.is_text |= 1U << number;
}

#define FIELD(name, value)                                                                     \
	({                                                                                     \
		long failed_ = 0, *field_error_ = &failed_;                                    \
		__auto_type number_ = (value) + 0;                                             \
		_Static_assert(sizeof(number_) <= sizeof(u64), "a field has at most 64 bits"); \
		if (!failed_)                                                                  \
			add_number(FIELD_NUMBER_##name, (u64)number_,                          \
				   (typeof(number_))-1 < (typeof(number_))1);                  \
		(void)field_error_;                                                            \
	})

#define FIELD_STR(name, pointer)                              \
	({                                                    \
		long failed_ = 0, *field_error_ = &failed_;   \
		const void *text_ = (const void *)(pointer);  \
		if (!failed_)                                 \
			add_text(FIELD_NUMBER_##name, text_); \
		(void)field_error_;                           \
	})

/*
 * Copies the fields of this run behind an event of size bytes, and returns the size of both. There
 * must be ADDED_SIZE bytes behind max.
 */
static __always_inline u64 append_fields(void *ctx, void *event, u64 size, u64 max)
{
	struct event_header *header = event;
	u32 zero = 0;
	struct added_fields *added = added_fields.lookup(&zero);
	u64 added_size;

	header->added = 0;
	size = EVENT_ALIGNED(size);
	asm volatile("" : "+r"(size));
	if (!added || added->context != (u64)ctx || size > max)
		return size;
	added_size = added->head.text_size;
	asm volatile("" : "+r"(added_size));
	if (added_size > ADDED_TEXT_SIZE)
		return size;
	added_size += ADDED_FIXED_SIZE;
	if (bpf_probe_read(event + size, added_size, &added->head))
		return size;
	header->added = added_size;
	return size + added_size;
}
#endif
