/* SPDX-License-Identifier: GPL-2.0 */
/*
 * --cgroup and --container: only tasks of one cgroup and of those below it. The tool puts the
 * cgroup into the map (common/tool/cgroup_filter.h). The kernel compares the current task's cgroup
 * of the second version, so a program must ask in the context of the task that the event is about.
 */
BPF_CGROUP_ARRAY(wanted_cgroup, 1);

static __always_inline bool in_wanted_cgroup(void)
{
	return !PARAM(PARAM_CGROUP) || wanted_cgroup.check_current_task(0) > 0;
}
