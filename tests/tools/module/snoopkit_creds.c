// SPDX-License-Identifier: GPL-2.0
/*
 * A hole in the kernel, for setuids.sh: whoever writes to /dev/snoopkit_creds becomes root, without
 * any call that changes credentials.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

static ssize_t become_root(struct file *file, const char __user *data, size_t size, loff_t *at)
{
	struct cred *cred = prepare_creds();
	int err;

	if (!cred)
		return -ENOMEM;
	cred->uid = cred->euid = cred->suid = cred->fsuid = GLOBAL_ROOT_UID;
	cred->cap_permitted = CAP_FULL_SET;
	err = commit_creds(cred);
	return err ? err : size;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.write = become_root,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "snoopkit_creds",
	.fops = &operations,
	.mode = 0666,
};

module_misc_device(device);
MODULE_DESCRIPTION("Gives away credentials, for a test of snoopkit");
MODULE_LICENSE("GPL");
