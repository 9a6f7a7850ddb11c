/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bashreadline: commands entered in bash.
 *
 * After Enter, the probed function of readline returns the line.
 */
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/tty.h>
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "cgroup_filter.bpf.h"
#include "login.bpf.h"
#include "bashreadline.h"

BPF_PERCPU_ARRAY(scratch, struct bashreadline_event, 1);

/* uretprobe readline_internal_teardown, or else readline */
int on_line(struct pt_regs *ctx)
{
	const void *line = (const void *)PT_REGS_RC(ctx);
	struct bashreadline_event *event;
	u64 size = 0;
	u32 zero = 0;
	int length;

	event = scratch.lookup(&zero);
	if (!line || !event || !in_wanted_cgroup())
		return 0;
	event->pid = my_pid();
	event->uid = my_uid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	if (PARAM(PARAM_WITH_LOGIN))
		read_login(&event->login);
	length = bpf_probe_read_str(event->line, sizeof(event->line), user_address(line));
	if (length > 0) /* the mask shows the verifier the helper's bound */
		size = ((length - 1) & (LINE_SIZE - 1)) + 1;
	event->line_size = size;
	submit(ctx, event, offsetof(struct bashreadline_event, line) + size);
	return 0;
}
