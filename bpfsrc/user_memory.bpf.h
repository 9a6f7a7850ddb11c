/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a program's memory. Where a helper puts what it has read there, the kernel checks
 * (CONFIG_HARDENED_USERCOPY); of a map's memory it knows less than of the stack's and has to look
 * it up, which takes longer than the reading. So what is short goes by the stack. For programs that
 * include submit.bpf.h.
 */
#define BY_STACK_WORDS 16
#define BY_STACK_SIZE  (BY_STACK_WORDS * sizeof(u64))

/* The compiler would do it by bytes: it does not know how the place is aligned. */
static __always_inline void copy_words(char *place, const u64 *words)
{
	u64 *to = (u64 *)place;
	u32 i;

#pragma unroll
	for (i = 0; i < BY_STACK_WORDS; i++)
		to[i] = words[i];
}

/* As bpf_probe_read(), into a place with room for size and for BY_STACK_SIZE bytes. */
static __always_inline int read_user(char *place, u64 size, const void *from)
{
	u64 words[BY_STACK_WORDS] = {};

	if (!is_bounded(&size, BY_STACK_SIZE))
		return bpf_probe_read(place, size, from);
	if (bpf_probe_read(words, size, from))
		return -1;
	copy_words(place, words);
	return 0;
}

/* As bpf_probe_read_str(), into a place with room for max and for BY_STACK_SIZE bytes. */
static __always_inline int read_user_str(char *place, u32 max, const char *from)
{
	u64 words[BY_STACK_WORDS];
	int size = bpf_probe_read_str(words, BY_STACK_SIZE, from);

	if (size == BY_STACK_SIZE)
		return bpf_probe_read_str(place, max, from);
	copy_words(place, words);
	return size;
}
