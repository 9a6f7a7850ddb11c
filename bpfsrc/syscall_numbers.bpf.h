/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The numbers of the syscalls that programs at the exit of any syscall tell apart: in the table of
 * 64-bit programs, and (COMPAT_) in that of 32-bit programs. BTF has no macros, and the kernel's
 * headers define only one of the tables.
 */
#if defined(__aarch64__)
/* include/uapi/asm-generic/unistd.h */
enum {
	NATIVE_DUP = 23,
	NATIVE_DUP3 = 24,
	NATIVE_FCNTL = 25,
	NATIVE_IOCTL = 29,
	NATIVE_OPENAT = 56,
	NATIVE_WRITE = 64,
	NATIVE_WRITEV = 66,
	NATIVE_PWRITE64 = 68,
	NATIVE_PWRITEV = 70,
	NATIVE_ACCEPT = 202,
	NATIVE_CONNECT = 203,
	NATIVE_EXECVE = 221,
	NATIVE_ACCEPT4 = 242,
	NATIVE_OPEN_BY_HANDLE_AT = 265,
	NATIVE_EXECVEAT = 281,
	NATIVE_PWRITEV2 = 287,
};

/* arch/arm/tools/syscall.tbl */
enum {
	COMPAT_OPENAT = 322,
	COMPAT_DUP3 = 358,
	COMPAT_PWRITEV = 362,
	COMPAT_OPEN_BY_HANDLE_AT = 371,
	COMPAT_EXECVEAT = 387,
	COMPAT_PWRITEV2 = 393,
	COMPAT_CONNECT = 283,
	COMPAT_ACCEPT = 285,
	COMPAT_ACCEPT4 = 366,
};
#else
/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	NATIVE_WRITE = 1,
	NATIVE_OPEN = 2,
	NATIVE_IOCTL = 16,
	NATIVE_PWRITE64 = 18,
	NATIVE_WRITEV = 20,
	NATIVE_DUP = 32,
	NATIVE_DUP2 = 33,
	NATIVE_CONNECT = 42,
	NATIVE_ACCEPT = 43,
	NATIVE_EXECVE = 59,
	NATIVE_FCNTL = 72,
	NATIVE_CREAT = 85,
	NATIVE_OPENAT = 257,
	NATIVE_ACCEPT4 = 288,
	NATIVE_DUP3 = 292,
	NATIVE_PWRITEV = 296,
	NATIVE_OPEN_BY_HANDLE_AT = 304,
	NATIVE_EXECVEAT = 322,
	NATIVE_PWRITEV2 = 328,
};

/* syscall_32.tbl; it has no accept but socketcall's. */
enum {
	COMPAT_OPENAT = 295,
	COMPAT_DUP3 = 330,
	COMPAT_PWRITEV = 334,
	COMPAT_OPEN_BY_HANDLE_AT = 342,
	COMPAT_EXECVEAT = 358,
	COMPAT_CONNECT = 362,
	COMPAT_ACCEPT4 = 364,
	COMPAT_ACCEPT = COMPAT_ACCEPT4,
	COMPAT_PWRITEV2 = 379,
};
#endif

/* The same in both tables of 32-bit programs. */
enum {
	COMPAT_WRITE = 4,
	COMPAT_OPEN = 5,
	COMPAT_CREAT = 8,
	COMPAT_EXECVE = 11,
	COMPAT_DUP = 41,
	COMPAT_IOCTL = 54,
	COMPAT_FCNTL = 55,
	COMPAT_DUP2 = 63,
	COMPAT_SOCKETCALL = 102, /* not on arm64 */
	COMPAT_WRITEV = 146,
	COMPAT_PWRITE64 = 181,
	COMPAT_FCNTL64 = 221,
};

/* The same in all tables. */
enum {
	COMMON_OPEN_TREE = 428,
	COMMON_OPENAT2 = 437,
	COMMON_PIDFD_GETFD = 438,
	COMMON_OPEN_TREE_ATTR = 467,
};
