/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the traced program's memory. CONFIG_HARDENED_USERCOPY checks the destination of such a
 * read: for the stack this is cheap, for map memory it is a lookup that takes longer than the read.
 * So short reads go through the stack. Needs submit.bpf.h.
 */
#define STACK_COPY_WORDS 16
#define STACK_COPY_SIZE	 (STACK_COPY_WORDS * sizeof(u64))

/* The compiler would copy byte by byte, as it does not know that place is aligned. */
static __always_inline void copy_words(char *place, const u64 *words)
{
	u64 *to = (u64 *)place;
	u32 i;

#pragma unroll
	for (i = 0; i < STACK_COPY_WORDS; i++)
		to[i] = words[i];
}

/*
 * As bpf_probe_read(); place needs space for size, at most max, and for STACK_COPY_SIZE bytes. max
 * is asked for here, although the caller knows it: the compiler may have kept size on the stack,
 * and old verifiers do not know what they read from there.
 */
static __always_inline int read_user(char *place, u64 size, u64 max, const void *from)
{
	u64 words[STACK_COPY_WORDS] = {};

	if (!is_bounded(&size, STACK_COPY_SIZE))
		return is_bounded(&size, max) ? bpf_probe_read(place, size, from) : -1;
	if (bpf_probe_read(words, size, from))
		return -1;
	copy_words(place, words);
	return 0;
}

/* As bpf_probe_read_str(); place needs space for max and for STACK_COPY_SIZE bytes. */
static __always_inline int read_user_str(char *place, u32 max, const char *from)
{
	u64 words[STACK_COPY_WORDS];
	int size = bpf_probe_read_str(words, STACK_COPY_SIZE, from);

	if (size == STACK_COPY_SIZE)
		return bpf_probe_read_str(place, max, from);
	copy_words(place, words);
	return size;
}
