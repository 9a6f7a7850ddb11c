/* SPDX-License-Identifier: GPL-2.0 */
/*
 * modsnoop: kernel module loads.
 *
 * parse_args() splits the text of the parameters: it replaces '=' and ' ' by NULs. This happens
 * before do_init_module(), so the text is saved at the entry of parse_args().
 */
#include <linux/module.h>
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "cgroup_filter.bpf.h"
#include "modsnoop.h"

#define LOADS 64 /* in flight at a time; a power of two */

/* The parameters of a load in flight, indexed by the low bits of the TID. */
struct saved {
	const char *args; /* address of the text, unique to this load: each has its own copy */
	u32 size;
	char text[PARAMETERS_SIZE];
};

BPF_ARRAY(kept_parameters, struct saved, LOADS);
BPF_PERCPU_ARRAY(scratch, struct modsnoop_event, 1);

static __always_inline struct saved *my_saved(void)
{
	u32 slot = my_tid() & (LOADS - 1);

	return kept_parameters.lookup(&slot);
}

/* Fills in all but the name. */
static __always_inline struct modsnoop_event *begin_event(u64 taints)
{
	struct modsnoop_event *event;
	u32 zero = 0;

	event = scratch.lookup(&zero);
	if (!event || !in_wanted_cgroup())
		return NULL;
	event->taints = taints;
	event->pid = my_pid();
	event->uid = my_uid();
	event->parameters_known = 0;
	event->parameters_size = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

static __always_inline void end_event(void *ctx, struct modsnoop_event *event)
{
	u64 size = event->parameters_size;

	if (size <= PARAMETERS_SIZE)
		submit(ctx, event, offsetof(struct modsnoop_event, parameters) + size);
}

/* kprobe parse_args(doing, args, ...), also called for other things than modules */
int on_parse_args(struct pt_regs *ctx)
{
	const char *args = (const char *)PT_REGS_PARM2(ctx);
	struct saved *saved = my_saved();
	int size;

	if (!saved)
		return 0;
	size = bpf_probe_read_str(saved->text, sizeof(saved->text), args);
	saved->size = size > 0 ? size : 0;
	saved->args = args;
	return 0;
}

/* kprobe do_init_module(module) */
int on_init_module(struct pt_regs *ctx)
{
	struct module *module = (void *)PT_REGS_PARM1(ctx);
	const char *args = READ(module->args);
	struct modsnoop_event *event = begin_event(READ(module->taints));
	struct saved *saved = my_saved();
	u64 size;

	if (!event || !saved)
		return 0;
	bpf_probe_read_str(event->name, sizeof(event->name), module->name);
	size = saved->size;
	if (saved->args == args && size <= PARAMETERS_SIZE) {
		bpf_probe_read(event->parameters, size, saved->text);
		event->parameters_known = 1;
		event->parameters_size = size;
	}
	end_event(ctx, event);
	return 0;
}

/* tracepoint module:module_load */
struct module_load_args {
	u64 common;
	u32 taints;
	u16 name_offset; /* from the start of this struct */
	u16 name_length;
};

int on_module_load(struct module_load_args *ctx)
{
	struct modsnoop_event *event = begin_event(ctx->taints);

	if (!event)
		return 0;
	bpf_probe_read_str(event->name, sizeof(event->name), text_of(ctx, ctx->name_offset));
	end_event(ctx, event);
	return 0;
}
