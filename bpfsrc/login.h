/* SPDX-License-Identifier: GPL-2.0 */
/* The login that a task comes from: filled in by login.bpf.h, printed by features/login_text.h. */
#ifndef SNOOPKIT_LOGIN_H
#define SNOOPKIT_LOGIN_H

#include <linux/types.h>

#define LOGIN_NOBODY 0xffffffff /* no login, as for what init starts; or not known */

struct login {
	__u32 auid;   /* the user who logged in, whoever it is by now */
	char tty[16]; /* the kernel's name of the terminal: pts3, ttyS0; "": none */
};

#endif
