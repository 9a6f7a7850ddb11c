/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses with a tag: bits that the processor ignores, and that the kernel ignores once a process
 * has asked for it. arm64 has a whole byte for it (Documentation/arm64/tagged-address-abi.rst in
 * the kernel), x86 six bits where the processor has LAM.
 */
#ifndef SNOOPKIT_TAG_H
#define SNOOPKIT_TAG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__aarch64__)
#define TAG (0xabULL << 56) /* with the bit that on x86 only addresses of the kernel have */

static bool use_tags(void)
{
	const int set_control = 55, enable = 1; /* PR_SET_TAGGED_ADDR_CTRL, since 5.4 */

	return !prctl(set_control, enable, 0, 0, 0);
}
#elif defined(__x86_64__)
#define TAG (0x2aULL << 57)

static bool use_tags(void)
{
	const int enable = 0x4002; /* ARCH_ENABLE_TAGGED_ADDR, since 6.4 */

	return !syscall(SYS_arch_prctl, enable, 6);
}
#else
#define TAG 0ULL

static bool use_tags(void)
{
	return false;
}
#endif

/* An address of a 64-bit program as a pointer of it with the tag. */
static inline void *tagged(const void *address)
{
	return (void *)((uintptr_t)address | (uintptr_t)TAG);
}

#endif
