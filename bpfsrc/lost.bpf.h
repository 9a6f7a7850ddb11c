/* SPDX-License-Identifier: GPL-2.0 */
/* What could not be handed to the tool is counted, so that it can be said. */
BPF_PERCPU_ARRAY(lost_events, u64, 1);

static __always_inline void count_lost(u64 count)
{
	u32 zero = 0;
	u64 *lost = lost_events.lookup(&zero);

	if (lost)
		*lost += count;
}
