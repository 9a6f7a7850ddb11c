/* SPDX-License-Identifier: GPL-2.0 */
/*
 * modsnoop: kernel module loads.
 *
 * A load is reported when the module's initialisation begins: the module's code, which could take
 * this program off, has not run yet. A load that fails is reported at the syscall's exit.
 *
 * What the event says is collected on the way there. The file is read from the kernel's own
 * pointer, as another thread may change what the descriptor stands for. parse_args() splits the
 * text of the parameters: it replaces '=' and ' ' by NULs, so the text is saved at its entry.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "cgroup_filter.bpf.h"
#include "descriptor.bpf.h"
#include "file_id.bpf.h"
#include "path.bpf.h"
#include "syscall.bpf.h"
#include "modsnoop.h"

#define LOADS 64 /* in flight at a time; a power of two */

/* A load in flight, indexed by the low bits of the TID. */
struct load {
	u32 tid;	  /* the thread's; another one with the same low bits replaces it */
	u32 in_syscall;	  /* 1: its syscall's entry was seen */
	const char *args; /* address of the parameters, unique to this load */
	struct modsnoop_event event;
};

BPF_ARRAY(loads, struct load, LOADS);

/* The current thread's load; a new one if there is none. */
static __always_inline struct load *my_load(void)
{
	u32 tid = my_tid(), slot = tid & (LOADS - 1);
	struct load *load = loads.lookup(&slot);

	if (!load || load->tid == tid)
		return load;
	load->tid = tid;
	load->in_syscall = 0;
	load->args = NULL;
	load->event.call = CALL_UNKNOWN;
	load->event.has_file = 0;
	load->event.has_module = 0;
	load->event.parameters_size = 0;
	load->event.name[0] = '\0';
	load->event.strings.size = 0;
	return load;
}

/* The same, of a thread that is in one of the syscalls; or NULL. */
static __always_inline struct load *my_syscall(void)
{
	u32 tid = my_tid(), slot = tid & (LOADS - 1);
	struct load *load = loads.lookup(&slot);

	return load && load->tid == tid && load->in_syscall ? load : NULL;
}

static __always_inline void note_file(struct modsnoop_event *event, struct file *file)
{
	struct dentry *dentry = READ(file->f_path.dentry);

	event->has_file = 1;
	event->strings.size = 0;
	event->parameters_size = 0;
	bpf_probe_read_str(event->file_name, sizeof(event->file_name), READ(dentry->d_name.name));
	read_file_id(&event->file, file);
	if (PARAM(PARAM_PATH))
		append_path(&event->strings, &event->path, READ(file->f_path.mnt), dentry);
}

static __always_inline struct load *begin_load(u32 call)
{
	struct load *load = my_load();

	if (!load)
		return NULL;
	load->tid = 0; /* nothing of an earlier load */
	load = my_load();
	if (!load)
		return NULL;
	load->in_syscall = 1;
	load->event.call = call;
	return load;
}

static __always_inline int begin_of_file(u32 fd)
{
	struct load *load = begin_load(CALL_FINIT_MODULE);
	struct file *file = load ? read_file_of_descriptor(fd) : NULL;

	if (file)
		note_file(&load->event, file);
	return 0;
}

static __always_inline void send(void *ctx, struct modsnoop_event *event, int result)
{
	u64 size = offsetof(struct modsnoop_event, strings.bytes) + event->strings.size;

	if (!in_wanted_cgroup())
		return;
	event->result = result;
	event->pid = my_pid();
	event->uid = my_uid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	if (is_bounded(&size, sizeof(*event)))
		submit(ctx, event, size);
}

static __always_inline int end_load(void *ctx, int result)
{
	struct load *load = my_syscall();

	if (!load)
		return 0;
	if (result < 0)
		send(ctx, &load->event, result);
	load->tid = 0;
	load->in_syscall = 0;
	return 0;
}

/* kprobes on the syscall wrappers, whose only argument is the caller's pt_regs */
int on_sys_finit_module(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_of_file(READ(PT_REGS_PARM1(regs)));
}

int on_compat_sys_finit_module(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_of_file(COMPAT_PARM1(regs));
}

int on_sys_init_module(struct pt_regs *ctx)
{
	begin_load(CALL_INIT_MODULE);
	return 0;
}

int on_sys_return(struct pt_regs *ctx)
{
	return end_load(ctx, PT_REGS_RC(ctx));
}

/* kprobe kernel_read_file(file, ...): the file that the kernel loads, and others */
int on_read_file(struct pt_regs *ctx)
{
	struct load *load = my_syscall();

	if (load && load->event.call == CALL_FINIT_MODULE)
		note_file(&load->event, (struct file *)PT_REGS_PARM1(ctx));
	return 0;
}

/*
 * kprobe find_module_all(name, ...): whether a module of that name is there already. Loads that
 * fail before they have a struct module are not known by another name.
 */
int on_find_module(struct pt_regs *ctx)
{
	struct load *load = my_syscall();

	if (load && !load->event.has_module)
		bpf_probe_read_str(load->event.name, sizeof(load->event.name),
				   (void *)PT_REGS_PARM1(ctx));
	return 0;
}

/* kprobe parse_args(doing, args, ...), also called for other things than modules */
int on_parse_args(struct pt_regs *ctx)
{
	const char *args = (const char *)PT_REGS_PARM2(ctx);
	struct load *load = my_load();
	u32 at;

	if (!load)
		return 0;
	if (!load->event.has_file)
		load->event.strings.size = 0;
	at = load->event.strings.size;
	load->event.parameters = at;
	append_string(&load->event.strings, args, PARAMETERS_SIZE);
	load->event.parameters_size = load->event.strings.size - at;
	load->args = args;
	return 0;
}

/* NULL is not read: kernels before 5.14 count a bad read in a kprobe as a call that they missed. */
static __always_inline void read_word(char word[MODULE_VERSION_SIZE], const char *from)
{
	word[0] = '\0';
	if (from)
		bpf_probe_read_str(word, MODULE_VERSION_SIZE, from);
}

static __always_inline void read_module(struct modsnoop_event *event, struct module *module)
{
	event->has_module = 1;
	event->taints = READ(module->taints);
	bpf_probe_read_str(event->name, sizeof(event->name), module->name);
	read_word(event->version, READ(module->version));
	read_word(event->srcversion, READ(module->srcversion));
}

/* kprobe do_init_module(module) */
int on_init_module(struct pt_regs *ctx)
{
	struct module *module = (void *)PT_REGS_PARM1(ctx);
	struct load *load = my_load();

	if (!load)
		return 0;
	if (load->args != READ(module->args))
		load->event.parameters_size = 0;
	read_module(&load->event, module);
	send(ctx, &load->event, 0);
	return 0;
}

/* tracepoints syscalls:sys_enter_* and sys_exit_* */
int on_enter_finit_module(struct sys_enter_args *ctx)
{
	return begin_of_file(ctx->args[0]);
}

int on_enter_init_module(struct sys_enter_args *ctx)
{
	begin_load(CALL_INIT_MODULE);
	return 0;
}

int on_exit(struct sys_exit_args *ctx)
{
	return end_load(ctx, ctx->ret);
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
	struct load *load = my_load();

	if (!load)
		return 0;
	load->event.has_module = 1;
	load->event.taints = ctx->taints;
	load->event.version[0] = '\0';
	load->event.srcversion[0] = '\0';
	bpf_probe_read_str(load->event.name, sizeof(load->event.name),
			   text_of(ctx, ctx->name_offset));
	send(ctx, &load->event, 0);
	return 0;
}
