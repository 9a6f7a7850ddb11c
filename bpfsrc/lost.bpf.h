/* SPDX-License-Identifier: GPL-2.0 */
/* Counts the events that can't reach the tool; the tool reports the number. */
BPF_PERCPU_ARRAY(lost_events, u64, 1);

static __always_inline void count_lost(u64 count)
{
	u32 zero = 0;
	u64 *lost = lost_events.lookup(&zero);

	if (lost)
		*lost += count;
}
