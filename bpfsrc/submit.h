/* SPDX-License-Identifier: GPL-2.0 */
/* Handing events to the tool. What can't be handed over is counted, so that it can be said. */
BPF_PERF_OUTPUT(events);
BPF_PERCPU_ARRAY(lost_events, u64, 1);

static __always_inline void count_lost(void)
{
	u32 zero = 0;
	u64 *lost = lost_events.lookup(&zero);

	if (lost)
		*lost += 1;
}

static __always_inline void submit(void *ctx, void *event, u64 size)
{
	if (events.perf_submit(ctx, event, size))
		count_lost();
}
