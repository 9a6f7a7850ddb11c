// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <string.h>

#include "btf/base_headers.h"

const char base_types[] = "typedef signed char s8, __s8;\n"
			  "typedef unsigned char u8, __u8;\n"
			  "typedef short s16, __s16;\n"
			  "typedef unsigned short u16, __u16, __le16, __be16, __sum16;\n"
			  "typedef int s32, __s32;\n"
			  "typedef unsigned int u32, __u32, __le32, __be32, __wsum;\n"
			  "typedef long long s64, __s64;\n"
			  "typedef unsigned long long u64, __u64, __le64, __be64;\n"
			  "typedef u64 __aligned_u64 __attribute__((aligned(8)));\n"
			  "typedef _Bool bool;\n"
			  "typedef unsigned long size_t, uintptr_t;\n"
			  "typedef long ssize_t, ptrdiff_t;\n"
			  "enum { false, true };\n";

/*
 * The numbers come from include/linux/kdev_t.h and include/uapi/linux/{limits,stat}.h. They are the
 * same in all kernels.
 */
const char base_macros[] =
	"#define CONFIG_BPF_SYSCALL 1\n"
	"#ifdef __LP64__\n"
	"#define CONFIG_64BIT 1\n"
	"#define BITS_PER_LONG 64\n"
	"#endif\n"
	"#ifdef __x86_64__\n"
	"#define CONFIG_X86 1\n"
	"#define CONFIG_X86_64 1\n"
	"#endif\n"
	/* since 4.17 on x86-64 and 4.19 on arm64; kernels have BTF from 5.2 on */
	"#if defined(__x86_64__) || defined(__aarch64__)\n"
	"#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n"
	"#endif\n"
	"#define NULL ((void *)0)\n"
	"#define __user\n"
	"#define __kernel\n"
	"#define __rcu\n"
	"#define __percpu\n"
	"#define __iomem\n"
	"#define __force\n"
	"#define __maybe_unused __attribute__((unused))\n"
	"#define __packed __attribute__((packed))\n"
	"#define __always_inline inline __attribute__((always_inline))\n"
	"#define noinline __attribute__((noinline))\n"
	"#define likely(x) __builtin_expect(!!(x), 1)\n"
	"#define unlikely(x) __builtin_expect(!!(x), 0)\n"
	"#define offsetof(type, member) __builtin_offsetof(type, member)\n"
	"#define container_of(ptr, type, member) \\\n"
	"\t((type *)((void *)(ptr) - offsetof(type, member)))\n"
	"#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))\n"
	"#define MINORBITS 20\n"
	"#define MINORMASK ((1U << MINORBITS) - 1)\n"
	"#define MAJOR(dev) ((unsigned int)((dev) >> MINORBITS))\n"
	"#define MINOR(dev) ((unsigned int)((dev) & MINORMASK))\n"
	"#define MKDEV(major, minor) (((major) << MINORBITS) | (minor))\n"
	"#define TASK_COMM_LEN 16\n"
	"#define NAME_MAX 255\n"
	"#define PATH_MAX 4096\n"
	"#define S_IFMT 00170000\n"
	"#define S_IFSOCK 0140000\n"
	"#define S_IFLNK 0120000\n"
	"#define S_IFREG 0100000\n"
	"#define S_IFBLK 0060000\n"
	"#define S_IFDIR 0040000\n"
	"#define S_IFCHR 0020000\n"
	"#define S_IFIFO 0010000\n"
	"#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)\n"
	"#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)\n"
	"#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)\n"
	"#define S_ISCHR(mode) (((mode) & S_IFMT) == S_IFCHR)\n"
	"#define S_ISBLK(mode) (((mode) & S_IFMT) == S_IFBLK)\n"
	"#define S_ISFIFO(mode) (((mode) & S_IFMT) == S_IFIFO)\n"
	"#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)\n"
	/* from include/linux/log2.h; BPF_STACK_TRACE uses it */
	"#define roundup_pow_of_two(n) \\\n"
	"\t((n) < 2 ? 1UL : 1UL << (64 - __builtin_clzl((unsigned long)(n) - 1)))\n";

/* clang-format off */
const char *const tracepoint_typedefs[] = {
	"pid_t", "uid_t", "gid_t", "dev_t", "ino_t", "mode_t", "umode_t", "off_t", "loff_t",
	"gfp_t", "fmode_t", "sector_t", "blkcnt_t", "clock_t", "time64_t", "ktime_t", "key_t",
	"qid_t", "projid_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "int8_t", "int16_t",
	"int32_t", "int64_t", "uint", "ulong", "ushort", "__poll_t", "dma_addr_t", "phys_addr_t",
	"resource_size_t", "pgoff_t", "kuid_t", "kgid_t", NULL
};
/* clang-format on */

bool is_tracepoint_typedef(const char *name)
{
	size_t i;

	for (i = 0; tracepoint_typedefs[i]; i++)
		if (!strcmp(name, tracepoint_typedefs[i]))
			return true;
	return false;
}
