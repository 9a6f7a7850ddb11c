/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ttysnoop: what is written to a tty.
 *
 * The tty is known by its own number, which is the same by whatever device file a program has
 * opened it (/dev/tty, /dev/console), and a pts by its devpts too: each instance counts from 0.
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

/* The type in a file's mode: include/uapi/linux/stat.h */
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
	/* ptmx_open() in drivers/tty/pty.c: a pts has its directory entry there */
	dentry = READ(tty->driver_data);
	devpts = READ(dentry->d_sb);
	return READ(devpts->s_dev) == (u32)PARAM(PARAM_DEVPTS);
}

/* struct tty_file_private has moved to a private header; this is its first member. */
struct first_of_tty_file {
	struct tty_struct *tty;
};

static __always_inline struct tty_struct *tty_of_file(struct file *file)
{
	struct first_of_tty_file *private = READ(file->private_data);

	return READ(private->tty);
}

/* What a file was opened by. */
struct node {
	u32 device; /* 0: no character device */
	struct super_block *filesystem;
};

/* The members are near each other: one read that takes them all costs less than three. */
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

/* Whether that is a device file of the tty's own, or the one given for it. */
static __always_inline bool is_watched_node(struct node node)
{
	if (!node.device ||
	    (node.device != (u32)PARAM(PARAM_TTY) && node.device != (u32)PARAM(PARAM_NODE)))
		return false;
	return !PARAM(PARAM_IS_PTS) || READ(node.filesystem->s_dev) == (u32)PARAM(PARAM_DEVPTS);
}

/* Whether the device file stands for a tty that only the file itself knows. */
static __always_inline bool stands_for_another(struct node node)
{
	return node.device == DEVICE_OWN_TTY || node.device == DEVICE_CONSOLE ||
	       node.device == DEVICE_CURRENT_CONSOLE;
}

/* Of any descriptor: only a file known to be a tty's leads to a tty. */
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
 * tty_write() got (kiocb, iov_iter) in 5.11 and in 5.10.11, in place of (file, buffer, count). No
 * header declares it, so that where there is no BTF to ask only the version can tell.
 */
#if defined(HAVE_TTY_WRITE_ITER) || LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 11)
#define TTY_WRITE_ITER
#endif

#ifdef TTY_WRITE_ITER
/*
 * What an iov_iter iterates over. iter_type came in 5.14, before there was type with a bit for
 * each; ITER_UBUF, one plain buffer, in 6.0. The pointer has had several names in a union (iov,
 * __iov, ubuf), and one that stays: kvec.
 */
enum iterated { ITERATED_OTHER, ITERATED_BUFFER, ITERATED_SEGMENTS };

static __always_inline enum iterated what_is_iterated(struct iov_iter *iter)
{
#ifdef HAVE_ITER_TYPE
	u32 type = READ(iter->iter_type);

#ifdef HAVE_ITER_UBUF
	if (type == ITER_UBUF)
		return ITERATED_BUFFER;
#endif
	return type == ITER_IOVEC || type == ITER_KVEC ? ITERATED_SEGMENTS : ITERATED_OTHER;
#else
	return READ(iter->type) & (ITER_IOVEC | ITER_KVEC) ? ITERATED_SEGMENTS : ITERATED_OTHER;
#endif
}

/* Pages that no address leads to (ITERATED_OTHER: from splice) stay unread, and count as missing.
 */
static __always_inline void find_bytes(struct write *write, struct iov_iter *iter)
{
	u64 pointer = (u64)READ(iter->kvec), offset = READ(iter->iov_offset);
	enum iterated what = what_is_iterated(iter);

	if (what == ITERATED_BUFFER) {
		write->address = pointer + offset;
	} else if (what == ITERATED_SEGMENTS) {
		write->segments = pointer;
		write->skipped = offset;
	}
}
#endif

/*
 * A write to /dev/console goes to redirected_tty_write(), which may call tty_write() for it. Then
 * the inner one takes the outer one's place.
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
	/* One under way was left behind by a return that the kernel could not hook: too many. */
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
