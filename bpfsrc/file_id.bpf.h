/* SPDX-License-Identifier: GPL-2.0 */
/* The device and the inode of an open file. */
#include <linux/fs.h>
#include "file_id.h"

static __always_inline void read_file_id(struct file_id *id, struct file *file)
{
	struct inode *inode = READ(file->f_inode);
	struct super_block *super_block = READ(inode->i_sb);

	id->inode = READ(inode->i_ino);
	id->device = READ(super_block->s_dev);
}
