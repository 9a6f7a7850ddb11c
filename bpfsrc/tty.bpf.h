/* SPDX-License-Identifier: GPL-2.0 */
/* What a file tells of the tty that it is open on. */
#include <linux/fs.h>
#include <linux/tty.h>

/* S_IFMT and S_IFCHR: include/uapi/linux/stat.h */
#define FILE_TYPE	 00170000
#define CHARACTER_DEVICE 0020000

/*
 * Majors of ttys: consoles and serial lines, /dev/tty and /dev/console, pts
 * (Documentation/admin-guide/devices.txt)
 */
#define IS_TTY_MAJOR(major) ((major) == 4 || (major) == 5 || ((major) >= 136 && (major) <= 143))

/* The first member of struct tty_file_private, which is in a private header on newer kernels. */
struct tty_file_private_start {
	struct tty_struct *tty;
};

/* Only for a file that is open on a tty. */
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
