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
#include "prelude.bpf.h"
#include "descriptor.bpf.h"
#include "ttysnoop.h"

/* S_IFMT and S_IFCHR: include/uapi/linux/stat.h */
#define FILE_TYPE	 00170000
#define CHARACTER_DEVICE 0020000

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

/* The first member of struct tty_file_private, which is in a private header on newer kernels. */
struct tty_file_private_start {
	struct tty_struct *tty;
};

static __always_inline struct tty_struct *tty_of_file(struct file *file)
{
	struct tty_file_private_start *private = READ(file->private_data);

	return READ(private->tty);
}

/* The device node that a file was opened by. */
struct node {
	u32 device; /* 0: not a character device */
	struct super_block *filesystem;
};

/* One read of the start of an inode costs less than a read for each of the three members. */
#define INODE_HEAD (offsetof(struct inode, i_rdev) + sizeof(((struct inode *)0)->i_rdev))
_Static_assert(offsetof(struct inode, i_mode) < INODE_HEAD,
	       "i_mode is not at the head of an inode");
_Static_assert(offsetof(struct inode, i_sb) < INODE_HEAD, "i_sb is not at the head of an inode");
_Static_assert(INODE_HEAD <= 128, "the head of an inode is too large for the stack");

static __always_inline struct node node_of_file(struct file *file)
{
	char head[INODE_HEAD] __attribute__((aligned(8)));
	struct inode *copy = (void *)head;

	if (bpf_probe_read(head, sizeof(head), READ(file->f_inode)))
		return (struct node){};
	return (struct node){
		.device = (copy->i_mode & FILE_TYPE) == CHARACTER_DEVICE ? copy->i_rdev : 0,
		.filesystem = copy->i_sb,
	};
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

/* Takes any descriptor, so private_data is used only if the node shows a tty's file. */
static __always_inline bool wants_write(u32 fd, u32 pid)
{
	struct file *file = file_of_descriptor(fd);
	struct node node;

	if (!file)
		return false;
	node = node_of_file(file);
	return is_watched_node(node) ||
	       (stands_for_another(node) && is_watched_tty(tty_of_file(file)));
}

#include "write_syscalls.bpf.h"

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
	if (!is_watched_node(node_of_file(file)) && !is_watched_tty(tty_of_file(file)))
		return 0;
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
	return end_write(ctx, PT_REGS_RC(ctx));
}
