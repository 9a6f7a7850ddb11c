/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal and the login of the current task. Needs TEST_LOGINUID. */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/tty.h>
#include "login.h"

static __always_inline void read_login(struct login *login)
{
	struct task_struct *task = my_task();
	struct signal_struct *signal = READ(task->signal);
	struct tty_struct *tty = READ(signal->tty);

	login->tty[0] = '\0';
	if (tty)
		bpf_probe_read_str(login->tty, sizeof(login->tty), tty->name);
#ifdef HAVE_LOGINUID
	login->auid = READ(task->loginuid.val);
#else
	login->auid = LOGIN_NOBODY;
#endif
}
