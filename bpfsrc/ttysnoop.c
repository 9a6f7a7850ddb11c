/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ttysnoop: what is written to a tty.
 *
 * The tty is identified by its own number, which does not depend on the device file that a program
 * opened (/dev/tty, /dev/console). A pts is identified by its devpts too, since each devpts
 * instance counts from 0.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/uio.h>
#include <linux/version.h>
#ifdef HAVE_IO_REQUEST
#include <linux/io_uring_types.h> /* it uses the kernel's READ: before ours is defined */
#endif
#include "prelude.bpf.h"
#include "descriptor.bpf.h"
#include "tty.bpf.h"
#include "ttysnoop.h"

static __always_inline bool is_watched_tty(struct tty_struct *tty)
{
	struct tty_driver *driver = READ(tty->driver);
	u32 first = KERNEL_DEVICE(READ(driver->major), READ(driver->minor_start));
	struct super_block *devpts;
	struct dentry *dentry;

	if (first + READ(tty->index) != (u32)PARAM(PARAM_TTY))
		return false;
	if (!PARAM(PARAM_IS_PTS))
		return true;
	/* A pts's driver_data is its dentry in the devpts: ptmx_open() in drivers/tty/pty.c */
	dentry = READ(tty->driver_data);
	devpts = READ(dentry->d_sb);
	return READ(devpts->s_dev) == (u32)PARAM(PARAM_DEVPTS);
}

/* Whether the node is the watched tty's own, or the one given on the command line. */
static __always_inline bool is_watched_node(struct node node)
{
	if (!node.device ||
	    (node.device != (u32)PARAM(PARAM_TTY) && node.device != (u32)PARAM(PARAM_NODE)))
		return false;
	return !PARAM(PARAM_IS_PTS) || READ(node.filesystem->s_dev) == (u32)PARAM(PARAM_DEVPTS);
}

/* Whether the node stands for another tty: only the open file tells which. */
static __always_inline bool stands_for_another(struct node node)
{
	return node.device == DEVICE_OWN_TTY || node.device == DEVICE_CONSOLE ||
	       node.device == DEVICE_CURRENT_CONSOLE;
}

/* Takes any file, so private_data is used only if the node shows a tty's file. */
static __always_inline bool is_watched_file(struct file *file)
{
	struct node node;

	if (!file)
		return false;
	node = node_of_file(file);
	return is_watched_node(node) ||
	       (stands_for_another(node) && is_watched_tty(tty_of_file(file)));
}

#include "write_syscalls.bpf.h"
#include "replaced.bpf.h"
#include "syscall_numbers.bpf.h"

/*
 * If other tasks share the descriptors, they may replace one after this program has looked at it
 * and before the kernel does. So it is looked at again at the exit, and whether it has been the tty
 * in between is remembered: in doubt the write is shown.
 */
static __always_inline bool wants_write(struct write *write, u32 pid)
{
	struct file *file;

	write->is_shared = has_shared_descriptors();
	if (write->is_shared)
		write->replaced = last_replaced(write->fd);
	file = file_of_descriptor(write->fd);
	write->is_other = !is_watched_file(file);
	if (write->is_other)
		return write->is_shared;
	if (PARAM(PARAM_WRITE_TERMINAL))
		write->tty = tty_of_file(file);
	return true;
}

static __always_inline bool confirm_write(struct write *write)
{
	struct file *file;
	bool is_other, is_replaced;

	if (!write->is_shared)
		return true;
	file = file_of_descriptor(write->fd);
	is_other = !is_watched_file(file);
	is_replaced = write->replaced != last_replaced(write->fd);
	if (write->is_other && is_other && !is_replaced)
		return false;
	write->is_doubtful = write->is_other || is_other || is_replaced;
	if (PARAM(PARAM_WRITE_TERMINAL) && !is_other)
		write->tty = tty_of_file(file);
	return true;
}

/*
 * tracepoints syscalls:sys_enter_* of the write family, if the exit needs nothing of the entry but
 * what the descriptor was
 */
int on_enter_shared(struct sys_enter_args *ctx)
{
	struct write write = { .fd = ctx->args[0] };

	if (has_shared_descriptors() && wants_write(&write, 0))
		begin_in_flight(my_ids(), &write);
	return 0;
}

/* A write that was not seen to begin: nobody else could replace the descriptor, or it is new. */
static __always_inline bool wants_unseen_write(struct write *write)
{
	struct file *file = file_of_descriptor(write->fd);

	write->is_doubtful = has_shared_descriptors() && was_just_replaced(write->fd);
	if (!is_watched_file(file))
		return write->is_doubtful;
	if (PARAM(PARAM_WRITE_TERMINAL))
		write->tty = tty_of_file(file);
	return true;
}

static __always_inline bool wants_ended_write(struct write *write, u64 ids)
{
	struct write begun;

	if (!take_in_flight(ids, &begun) || begun.fd != write->fd)
		return wants_unseen_write(write);
	begun.address = write->address;
	begun.segments = write->segments;
	*write = begun;
	return confirm_write(write);
}

/* The syscalls that return a new descriptor. */
static __always_inline bool makes_descriptor(u32 syscall, bool is_compat)
{
	if (syscall == COMMON_OPENAT2 || syscall == COMMON_PIDFD_GETFD)
		return true;
	if (is_compat)
		return syscall == COMPAT_OPEN || syscall == COMPAT_CREAT || syscall == COMPAT_DUP ||
		       syscall == COMPAT_FCNTL || syscall == COMPAT_DUP2 ||
		       syscall == COMPAT_FCNTL64 || syscall == COMPAT_OPENAT ||
		       syscall == COMPAT_DUP3;
#ifdef HAVE_ORIG_AX
	if (syscall == NATIVE_OPEN || syscall == NATIVE_CREAT || syscall == NATIVE_DUP2)
		return true;
#endif
	return syscall == NATIVE_DUP || syscall == NATIVE_FCNTL || syscall == NATIVE_OPENAT ||
	       syscall == NATIVE_DUP3;
}

/*
 * The tty has become a descriptor of a table that others use. If one of them was seen to begin a
 * write to that descriptor before, the kernel may have taken the tty for it.
 */
static __always_inline void note_call(u32 syscall, bool is_compat, s64 ret)
{
	if (makes_descriptor(syscall, is_compat) && has_shared_descriptors() &&
	    is_watched_file(file_of_descriptor(ret)))
		replace_descriptor(ret);
}

static __always_inline bool wants_file(struct write *write, struct file *file, u32 pid)
{
	if (!is_watched_file(file))
		return false;
	if (PARAM(PARAM_WRITE_TERMINAL))
		write->tty = tty_of_file(file);
	return true;
}

#include "any_exit.bpf.h"
#include "io_uring_write.bpf.h"

/*
 * 5.11 and 5.10.11 changed the arguments of tty_write() from (file, buffer, count) to (kiocb,
 * iov_iter). No header declares it, so without BTF only the version can tell.
 */
#if defined(HAVE_TTY_WRITE_ITER) || LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 11)
#define TTY_WRITE_ITER
#endif

#ifdef TTY_WRITE_ITER
/*
 * The kinds of iov_iter. Before 5.14 it has type, with a bit for each kind; since then iter_type.
 * 6.0 added ITER_UBUF, one plain buffer. The pointer is in a union under several names (iov, __iov,
 * ubuf); kvec is the one that all kernels have.
 */
enum iter_kind { ITER_KIND_OTHER, ITER_KIND_BUFFER, ITER_KIND_SEGMENTS };

static __always_inline enum iter_kind iter_kind_of(struct iov_iter *iter)
{
#ifdef HAVE_ITER_TYPE
	u32 type = READ(iter->iter_type);

#ifdef HAVE_ITER_UBUF
	if (type == ITER_UBUF)
		return ITER_KIND_BUFFER;
#endif
	return type == ITER_IOVEC || type == ITER_KVEC ? ITER_KIND_SEGMENTS : ITER_KIND_OTHER;
#else
	return READ(iter->type) & (ITER_IOVEC | ITER_KVEC) ? ITER_KIND_SEGMENTS : ITER_KIND_OTHER;
#endif
}

/* Pages without an address (ITER_KIND_OTHER, from splice) are not read and count as missing. */
static __always_inline void find_bytes(struct write *write, struct iov_iter *iter)
{
	u64 pointer = (u64)READ(iter->kvec), offset = READ(iter->iov_offset);
	enum iter_kind kind = iter_kind_of(iter);

	if (kind == ITER_KIND_BUFFER) {
		write->address = pointer + offset;
	} else if (kind == ITER_KIND_SEGMENTS) {
		write->segments = pointer;
		write->skipped = offset;
	}
}
#endif

/*
 * A write to /dev/console calls redirected_tty_write(), which may call tty_write(). The inner call
 * then replaces the outer one in flight.
 */
static __always_inline int begin_tty_write(struct pt_regs *ctx, bool is_outer)
{
	struct write write = { .fd = WRITTEN_NO_FD, .is_outer = is_outer }, *before;
	struct tty_struct *tty;
	u32 tid = my_tid();
	struct file *file;

#ifdef TTY_WRITE_ITER
	struct kiocb *iocb = (void *)PT_REGS_PARM1(ctx);

	file = READ(iocb->ki_filp);
#else
	file = (void *)PT_REGS_PARM1(ctx);
#endif
	/* A leftover write: the kretprobe missed its return (too many calls in flight). */
	before = find_in_flight(tid);
	if (before && !before->is_outer) {
		end_in_flight(tid);
		count_lost(1);
	}
	tty = tty_of_file(file);
	if (!is_watched_node(node_of_file(file)) && !is_watched_tty(tty))
		return 0;
	write.tty = tty;
#ifdef TTY_WRITE_ITER
	find_bytes(&write, (void *)PT_REGS_PARM2(ctx));
#else
	write.address = PT_REGS_PARM2(ctx);
#endif
	begin_in_flight(tid, &write);
	return 0;
}

/* kprobe tty_write */
int on_tty_write(struct pt_regs *ctx)
{
	return begin_tty_write(ctx, false);
}

/* kprobe redirected_tty_write */
int on_redirected_tty_write(struct pt_regs *ctx)
{
	return begin_tty_write(ctx, true);
}

/* kretprobes of both */
int on_tty_write_return(struct pt_regs *ctx)
{
	s64 ret = PT_REGS_RC(ctx);
	u64 ids = my_ids();
	struct write write;

	if (!take_in_flight(ids, &write) || ret <= 0)
		return 0;
	return copy_write(ctx, &write, ids, ret, COPIER_PLAIN);
}
