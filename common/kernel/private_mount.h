/* SPDX-License-Identifier: Apache-2.0 */
/* File systems of the kernel's that nobody has mounted. */
#ifndef SNOOPKIT_PRIVATE_MOUNT_H
#define SNOOPKIT_PRIVATE_MOUNT_H

/*
 * Mounts a file system of that type ("tracefs") on that directory, in a mount namespace that nobody
 * else sees and that ends with the descriptor. Returns an O_PATH descriptor of its top directory,
 * the caller's to close, or a negative errno: -EPERM without CAP_SYS_ADMIN, -ENODEV where the
 * kernel does not know the type, -ENOENT where the directory is not there.
 */
int private_mount_open(const char *type, const char *directory);

#endif
