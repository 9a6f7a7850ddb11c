/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Syscalls on sockets at their exit, of both ABIs: which one it was, and the socket of a
 * descriptor. Another thread can have put another file in its place by then.
 */
#include <linux/fs.h>
#include <linux/net.h>
#include "descriptor.bpf.h"
#include "syscall.bpf.h"
#include "syscall_numbers.bpf.h"
#include "trusted.bpf.h"

#define FILE_TYPE   0170000 /* S_IFMT and S_IFSOCK in include/uapi/linux/stat.h */
#define SOCKET_TYPE 0140000

/* Returns NULL if the descriptor is not a socket's. */
static __always_inline struct sock *socket_of_descriptor(u32 fd)
{
	struct file *file = file_of_descriptor(fd);
	struct socket *socket;
	struct inode *inode;

	if (!file)
		return NULL;
	inode = READ(file->f_inode);
	if ((READ(inode->i_mode) & FILE_TYPE) != SOCKET_TYPE)
		return NULL;
	socket = READ(file->private_data);
	return socket ? READ(socket->sk) : NULL;
}

#ifdef SYSCALL_NUMBER
/* x86's call of a call of sockets (include/uapi/linux/net.h), with the arguments in an array. */
#ifdef HAVE_ORIG_AX
static __always_inline bool is_socketcall(u64 registers, u32 number, u32 *fd, u32 call,
					  u32 call_too)
{
	u32 made = LOAD_COMPAT_PARM1(registers);
	const u32 *arguments;

	if (!IS(number, COMPAT_SOCKETCALL) || (!IS(made, call) && !IS(made, call_too)))
		return false;
	arguments = (const u32 *)(u64)LOAD_COMPAT_PARM2(registers);
	*fd = READ(*arguments);
	return true;
}
#else
#define is_socketcall(...) false
#endif

/*
 * Whether the syscall that ends has one of these numbers: in the table of 64-bit programs, in that
 * of 32-bit programs, or as a call of socketcall. *fd becomes its first argument. registers is a
 * trusted pointer to the caller's.
 */
static __always_inline bool is_socket_call(u64 registers, u32 *fd, u32 native, u32 native_too,
					   u32 compat, u32 compat_too, u32 call, u32 call_too)
{
	u32 number = (u32)LOAD(struct pt_regs, registers, SYSCALL_NUMBER) & ~X32_BIT;

	if (!IS(number, native) && !IS(number, native_too) && !IS(number, compat) &&
	    !IS(number, compat_too) && !IS(number, COMPAT_SOCKETCALL))
		return false;
	if (!is_compat_syscall()) {
		*fd = LOAD_PARM1(registers);
		return IS(number, native) || IS(number, native_too);
	}
	*fd = LOAD_COMPAT_PARM1(registers);
	if (IS(number, compat) || IS(number, compat_too))
		return true;
	return is_socketcall(registers, number, fd, call, call_too);
}
#endif
