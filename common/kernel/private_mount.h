/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that no other process sees. */
#ifndef SNOOPKIT_PRIVATE_MOUNT_H
#define SNOOPKIT_PRIVATE_MOUNT_H

/*
 * Moves this process into a mount namespace of its own, so that no other process sees what it
 * mounts from now on with private_mount(). What it mounts otherwise may be seen where the root
 * directory is no mount point (chroot). Returns 0 or a negative errno: -EPERM without
 * CAP_SYS_ADMIN.
 */
int private_mount_begin(void);

/*
 * As mount(2), with an absolute path without symbolic links. Returns 0 or a negative errno: -EINVAL
 * where neither path nor a directory above it is a mount point.
 */
int private_mount(const char *source, const char *path, const char *type, unsigned long flags,
		  const char *data);

/*
 * Mounts a file system of a type ("tracefs") on a directory, in a mount namespace that no other
 * process sees and that ends with the descriptor; this process stays in its own namespace. Returns
 * an O_PATH descriptor of the file system's top directory, which the caller closes, or a negative
 * errno: -EPERM without CAP_SYS_ADMIN, -ENODEV where the kernel does not know the type, -ENOENT
 * where the directory does not exist.
 */
int private_mount_open(const char *type, const char *directory);

#endif
