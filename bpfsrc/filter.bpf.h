/* SPDX-License-Identifier: GPL-2.0 */
/*
 * -p, -t and -u: the filters by process, thread and user. The tool declares the options
 * (FILTER_BY_PID and its like in common/tool/option.h), its program calls these functions. A filter
 * that is off costs nothing: the verifier drops it. The functions named is_my_ ask the kernel,
 * only where the filter is on; a program that has the PID or TID already passes it.
 */
static __always_inline bool is_wanted_pid(u32 pid)
{
	return !PARAM(PARAM_PID) || pid == (u32)PARAM(PARAM_PID);
}

static __always_inline bool is_wanted_tid(u32 tid)
{
	return !PARAM(PARAM_TID) || tid == (u32)PARAM(PARAM_TID);
}

static __always_inline bool is_my_pid_wanted(void)
{
	return !PARAM(PARAM_PID) || my_pid() == (u32)PARAM(PARAM_PID);
}

static __always_inline bool is_my_uid_wanted(void)
{
	return !PARAM(PARAM_UID_SET) || my_uid() == (u32)PARAM(PARAM_UID);
}
