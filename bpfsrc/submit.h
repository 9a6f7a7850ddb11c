/* SPDX-License-Identifier: GPL-2.0 */
/* Handing events to the tool. */
#include "lost.h"

BPF_PERF_OUTPUT(events);

static __always_inline void submit(void *ctx, void *event, u64 size)
{
	if (events.perf_submit(ctx, event, size))
		count_lost();
}
