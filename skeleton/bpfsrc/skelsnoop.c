/* SPDX-License-Identifier: GPL-2.0 */
/* skelsnoop: ends of threads. */
#include <linux/sched.h>
#include "prelude.bpf.h"
#include "filter.bpf.h"
#include "submit.bpf.h"
#include "cgroup_filter.bpf.h"
#include "skelsnoop.h"

/* raw tracepoint sched_process_exit(task), in the context of the thread that ends */
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	struct skelsnoop_event event = {};

	event.pid = my_pid();
	event.tid = my_tid();
	if (!is_wanted_pid(event.pid) || !is_my_uid_wanted() || !in_wanted_cgroup())
		return 0;
	if (PARAM(PARAM_LEADERS) && event.pid != event.tid)
		return 0;
	event.uid = my_uid();
	event.status = READ(task->exit_code);
	READ_COMM(event.comm);
	submit(ctx, &event, sizeof(event));
	return 0;
}
