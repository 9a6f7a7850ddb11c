/* SPDX-License-Identifier: GPL-2.0 */
/* A program that sends events for tests, in the same way as a tool's program. */
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "emitter.h"

BPF_PERCPU_ARRAY(scratch, struct emitted, 1);

/* raw tracepoint, run by the test with two arguments */
int emit(struct bpf_raw_tracepoint_args *ctx)
{
	struct emitted *event;
	u64 size = ctx->args[1];
	u32 zero = 0;

	event = scratch.lookup(&zero);
	if (!event || size < EMITTED_HEAD || !is_bounded(&size, sizeof(*event)))
		return 1;
	event->number = ctx->args[0];
	submit(ctx, event, size);
	return 0;
}

/* raw tracepoint sys_exit */
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct emitted *event;
	u32 zero = 0;

	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	event->number = 42;
	submit(ctx, event, EMITTED_HEAD);
	return 0;
}
