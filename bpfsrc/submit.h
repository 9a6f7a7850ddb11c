/* SPDX-License-Identifier: GPL-2.0 */
/* Handing events to the tool. */
#include "lost.h"

BPF_PERF_OUTPUT(events);

/*
 * Where the size is known only when the program runs, max is what it can't exceed. The assembly
 * keeps LLVM from comparing one register and passing another: the verifier would not see that they
 * belong together.
 */
static __always_inline bool is_bounded(u64 *size, u64 max)
{
	asm volatile("" : "+r"(*size));
	return *size <= max;
}

static __always_inline void submit(void *ctx, void *event, u64 size)
{
	if (events.perf_submit(ctx, event, size))
		count_lost();
}
