// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/pattern.h"
#include "features/capability.h"
#include "features/who.h"
#include "kernel/bpf.h"
#include "setuids.h"
#include "tool/tool.h"

extern const struct program_source setuids_source;

static struct {
	bool groups;
	bool execs;
	bool failed;
	bool escalations;
	bool print_parent;
	struct pattern *name;
} opt;

static const struct tool_option options[] = {
	OPTION_FLAG("groups", 'g', &opt.groups, "Include calls that change groups"),
	OPTION_FLAG("execs", 'X', &opt.execs, "Include execs that change credentials"),
	OPTION_FLAG("escalations", 'e', &opt.escalations,
		    "Only what gains a user, a group or a capability; implies -g and -X"),
	OPTION_FLAG("fails", 'x', &opt.failed, "Only failed calls", .parameter = PARAM_FAILED),
	FILTER_BY_PID(NULL),
	FILTER_BY_USER,
	OPTION_PATTERN("name", 'n', &opt.name, "Only commands whose name matches"),
	OPTION_FLAG("print-ppid", 'P', &opt.print_parent, "Include the parent's PID"),
	FILTER_BY_MAPS,
	{},
};

static void check_options(const struct argp_state *state)
{
	if (opt.failed && opt.escalations)
		usage_error(state, "-x and -e exclude each other: a failed call gains nothing");
	if (opt.failed && opt.execs)
		usage_error(state, "-x and -X exclude each other: a failed exec changes nothing");
}

/* ---- the calls ---- */

struct call {
	const char *name;
	const char *args[3]; /* their names */
	const char *result;  /* setfsuid() and setfsgid() return what was before */
};

static const struct call calls[CALL_COUNT] = {
	[CALL_NONE] = { "-", {}, NULL },
	[CALL_SETUID] = { "setuid", { "uid" }, NULL },
	[CALL_SETREUID] = { "setreuid", { "ruid", "euid" }, NULL },
	[CALL_SETRESUID] = { "setresuid", { "ruid", "euid", "suid" }, NULL },
	[CALL_SETFSUID] = { "setfsuid", { "uid" }, "prevuid=" },
	[CALL_SETGID] = { "setgid", { "gid" }, NULL },
	[CALL_SETREGID] = { "setregid", { "rgid", "egid" }, NULL },
	[CALL_SETRESGID] = { "setresgid", { "rgid", "egid", "sgid" }, NULL },
	[CALL_SETFSGID] = { "setfsgid", { "gid" }, "prevgid=" },
	[CALL_SETGROUPS] = { "setgroups", { "size" }, NULL },
	[CALL_EXECVE] = { "execve", {}, NULL },
	[CALL_COMMIT_CREDS] = { "commit_creds", {}, NULL },
};

static const struct call *call_of(const struct setuids_event *event)
{
	return &calls[event->call < CALL_COUNT ? event->call : CALL_NONE];
}

/* How many of the groups the event has. */
static unsigned int group_count(const struct setuids_event *event)
{
	if (event->call != CALL_SETGROUPS || event->ret)
		return 0;
	return event->after.group_count < SETUIDS_GROUPS ? event->after.group_count :
							   SETUIDS_GROUPS;
}

/* ---- what was gained ---- */

static bool has_id(const uint32_t ids[4], uint32_t id)
{
	return ids[0] == id || ids[1] == id || ids[2] == id || ids[3] == id;
}

/* Stores those of after, once each, that are not in before; returns how many. */
static size_t new_ids(const uint32_t before[4], const uint32_t after[4], uint32_t gained[4])
{
	size_t count = 0, i, j;

	for (i = 0; i < 4; i++) {
		for (j = 0; j < count && gained[j] != after[i]; j++)
			;
		if (j == count && !has_id(before, after[i]))
			gained[count++] = after[i];
	}
	return count;
}

struct gains {
	uint32_t uids[4], gids[4];
	size_t uid_count, gid_count, group_count;
	uint64_t capabilities;
};

/*
 * Root can become anyone, so no other user or group is a gain for it. The groups that were there
 * before are not known: each one of setgroups() counts.
 */
static struct gains gains_of(const struct setuids_event *event)
{
	const struct credentials *b = &event->before, *a = &event->after;
	const uint32_t users_before[] = { b->uid, b->euid, b->suid, b->fsuid };
	const uint32_t users_after[] = { a->uid, a->euid, a->suid, a->fsuid };
	const uint32_t groups_before[] = { b->gid, b->egid, b->sgid, b->fsgid };
	const uint32_t groups_after[] = { a->gid, a->egid, a->sgid, a->fsgid };
	struct gains gains = { .capabilities = a->permitted & ~b->permitted };

	if (has_id(users_before, 0))
		return gains;
	gains.uid_count = new_ids(users_before, users_after, gains.uids);
	gains.gid_count = new_ids(groups_before, groups_after, gains.gids);
	gains.group_count = group_count(event);
	return gains;
}

static bool has_gains(const struct setuids_event *event)
{
	struct gains gains = gains_of(event);

	return gains.uid_count || gains.gid_count || gains.group_count || gains.capabilities ||
	       event->call == CALL_COMMIT_CREDS;
}

/* ---- columns ---- */

/* The ID -1, which changes nothing, is shown as such. */
static int64_t shown_id(uint32_t id)
{
	return id == UINT32_MAX ? -1 : (int64_t)id;
}

static void append_groups(struct buffer *line, const struct setuids_event *event)
{
	unsigned int count = group_count(event), i;

	for (i = 0; i < count; i++)
		buffer_printf(line, "%s%u", i ? "," : " groups=", event->groups[i]);
	if (count && event->after.group_count > count)
		buffer_append_string(line, ",...");
}

static void append_args(struct buffer *line, const struct setuids_event *event)
{
	const struct call *call = call_of(event);
	size_t i;

	for (i = 0; i < 3 && call->args[i]; i++)
		buffer_printf(line, "%s%s=%" PRId64, i ? " " : "", call->args[i],
			      shown_id(event->args[i]));
	append_groups(line, event);
	if (event->call == CALL_EXECVE)
		buffer_append(line, event->path, strnlen(event->path, event->path_size));
	if (event->call == CALL_COMMIT_CREDS)
		buffer_printf(line, "uid=%u euid=%u gid=%u egid=%u", event->after.uid,
			      event->after.euid, event->after.gid, event->after.egid);
}

static void append_result(struct buffer *line, const struct setuids_event *event)
{
	const struct call *call = call_of(event);

	if (event->call == CALL_COMMIT_CREDS)
		buffer_append_string(line, " (no call)");
	else
		buffer_printf(line, " (%s%" PRId64 ")", call->result ? call->result : "",
			      (int64_t)event->ret);
}

static void row_args(struct row *row, const struct setuids_event *event)
{
	struct buffer line = {};

	append_args(&line, event);
	append_result(&line, event);
	row_text(row, "ARGS (RET)", NULL, 0, line.data ? line.data : "", line.size);
	buffer_free(&line);
}

/* ---- JSON ---- */

static json_t *args_json(const struct setuids_event *event)
{
	const struct call *call = call_of(event);
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < 3 && call->args[i]; i++)
		json_object_set_new(object, call->args[i], json_integer(shown_id(event->args[i])));
	return object;
}

static void set_ids(json_t *object, const char *const names[4], const uint32_t ids[4])
{
	size_t i;

	for (i = 0; i < 4; i++)
		json_object_set_new(object, names[i], json_integer(ids[i]));
}

static json_t *credentials_json(const struct credentials *of)
{
	static const char *const user_names[] = { "uid", "euid", "suid", "fsuid" };
	static const char *const group_names[] = { "gid", "egid", "sgid", "fsgid" };
	const uint32_t users[] = { of->uid, of->euid, of->suid, of->fsuid };
	const uint32_t groups[] = { of->gid, of->egid, of->sgid, of->fsgid };
	json_t *object = json_object();

	set_ids(object, user_names, users);
	set_ids(object, group_names, groups);
	json_object_set_new(object, "group_count", json_integer(of->group_count));
	json_object_set_new(object, "inheritable", capability_json(of->inheritable));
	json_object_set_new(object, "permitted", capability_json(of->permitted));
	json_object_set_new(object, "effective", capability_json(of->effective));
	json_object_set_new(object, "ambient", capability_json(of->ambient));
	json_object_set_new(object, "securebits", json_integer(of->securebits));
	json_object_set_new(object, "userns", json_integer(of->user_namespace));
	return object;
}

static json_t *ids_json(const uint32_t *ids, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(array, json_integer(ids[i]));
	return array;
}

static json_t *gains_json(const struct setuids_event *event)
{
	struct gains gains = gains_of(event);
	json_t *object = json_object();

	json_object_set_new(object, "uids", ids_json(gains.uids, gains.uid_count));
	json_object_set_new(object, "gids", ids_json(gains.gids, gains.gid_count));
	json_object_set_new(object, "groups", ids_json(event->groups, gains.group_count));
	json_object_set_new(object, "capabilities", capability_json(gains.capabilities));
	return object;
}

static void row_json_only(struct row *row, const struct setuids_event *event)
{
	if (row->mode != ROW_JSON)
		return;
	row_json(row, "args", args_json(event));
	if (event->call == CALL_COMMIT_CREDS)
		row_json(row, "ret", json_null());
	else
		row_int(row, NULL, "ret", 0, event->ret);
	row_json(row, "failed", json_boolean(event->failed));
	if (event->call == CALL_EXECVE)
		row_text(row, NULL, "path", 0, event->path, event->path_size);
	if (event->call == CALL_SETGROUPS)
		row_json(row, "groups", ids_json(event->groups, group_count(event)));
	row_json(row, "before", credentials_json(&event->before));
	row_json(row, "after", credentials_json(&event->after));
	row_json(row, "gained", gains_json(event));
}

#define CREDENTIALS(when, said)                                                          \
	FIELD_ROW(when ".uid", NUMBER, "real user ID " said),                            \
		FIELD_ROW(when ".euid", NUMBER, "effective user ID " said),              \
		FIELD_ROW(when ".suid", NUMBER, "saved user ID " said),                  \
		FIELD_ROW(when ".fsuid", NUMBER, "user ID for files " said),             \
		FIELD_ROW(when ".gid", NUMBER, "real group ID " said),                   \
		FIELD_ROW(when ".egid", NUMBER, "effective group ID " said),             \
		FIELD_ROW(when ".sgid", NUMBER, "saved group ID " said),                 \
		FIELD_ROW(when ".fsgid", NUMBER, "group ID for files " said),            \
		FIELD_ROW(when ".group_count", NUMBER, "supplementary groups " said),    \
		FIELD_ROW(when ".inheritable", WORDS, "inheritable capabilities " said), \
		FIELD_ROW(when ".permitted", WORDS, "permitted capabilities " said),     \
		FIELD_ROW(when ".effective", WORDS, "effective capabilities " said),     \
		FIELD_ROW(when ".ambient", WORDS, "ambient capabilities " said),         \
		FIELD_ROW(when ".securebits", NUMBER, "securebits " said),               \
		FIELD_ROW(when ".userns", NUMBER, "inode number of the user namespace " said)

#define ARGUMENT(name) \
	FIELD_ROW("args." name, NUMBER, "argument; -1: stays as it is", .is_optional = true)

static const struct field fields[] = {
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("tid", NUMBER, "thread ID"),
	FIELD_ROW("ppid", NUMBER, "process ID of the parent"),
	FIELD_ROW("comm", TEXT, "name of the thread"),
	FIELD_ROW("uid", NUMBER, "the real user ID before"),
	FIELD_ROW("syscall", WORD, "the call; commit_creds: a change that belongs to no call"),
	ARGUMENT("uid"),
	ARGUMENT("ruid"),
	ARGUMENT("euid"),
	ARGUMENT("suid"),
	ARGUMENT("gid"),
	ARGUMENT("rgid"),
	ARGUMENT("egid"),
	ARGUMENT("sgid"),
	FIELD_ROW("args.size", NUMBER, "number of groups", .is_optional = true),
	FIELD_ROW("ret", NUMBER, "0 or the negative errno; of setfsuid and setfsgid the ID before",
		  .can_be_null = true),
	FIELD_ROW("failed", TRUTH, "whether the call failed"),
	FIELD_ROW("path", TEXT, "of an exec, the file as given to it", .is_optional = true),
	FIELD_ROW("groups", ANY, "of setgroups, the first 32 groups as numbers",
		  .is_optional = true),
	CREDENTIALS("before", "before"),
	CREDENTIALS("after", "after"),
	FIELD_ROW("gained.uids", ANY, "user IDs that were gained, as numbers"),
	FIELD_ROW("gained.gids", ANY, "group IDs that were gained, as numbers"),
	FIELD_ROW("gained.groups", ANY, "supplementary groups that were gained, as numbers"),
	FIELD_ROW("gained.capabilities", WORDS, "capabilities that were gained"),
	{},
};

static void row(struct row *row, const void *data)
{
	const struct setuids_event *event = data;

	row_clock(row, "TIME", -8);
	row_uint(row, "PID", "pid", -6, event->pid);
	row_uint(row, NULL, "tid", 0, event->tid);
	row_uint(row, if_shown(opt.print_parent, "PPID"), "ppid", -6, event->ppid);
	row_text(row, "COMM", "comm", -16, event->comm, sizeof(event->comm));
	row_uint(row, "UID", "uid", -6, event->before.uid);
	row_word(row, "SYSCALL", "syscall", -9, call_of(event)->name);
	row_args(row, event);
	row_json_only(row, event);
}

static bool wanted(const void *data)
{
	const struct setuids_event *event = data;

	if (opt.name &&
	    !pattern_matches(opt.name, event->comm, strnlen(event->comm, sizeof(event->comm))))
		return false;
	return !opt.escalations || has_gains(event);
}

/* ---- probes ---- */

static const struct feature_test feature_tests[] = { TEST_ORIG_AX, TEST_COMPAT_SYSCALLS, {} };

/* A function that all entries of the call share; before 4.17 it is the syscall's own. */
#define CALL_KPROBES(function, program)                                                   \
	KRETPROBE("__sys_" function, "on_return"),                                        \
		KRETPROBE("sys_" function, "on_return", .instead_of = "__sys_" function), \
		KPROBE("__sys_" function, program),                                       \
		KPROBE("sys_" function, program, .instead_of = "__sys_" function)

/* setgroups() has no such function, but a wrapper for each entry. */
#define SETGROUPS_KPROBES(function, program)                \
	KRETPROBE(function, "on_return", .optional = true), \
		KPROBE(function, program, .optional = true)

#if defined(__x86_64__)
#define COMPAT_SETGROUPS                                                  \
	SETGROUPS_KPROBES("__ia32_sys_setgroups", "on_compat_setgroups"), \
		SETGROUPS_KPROBES("__ia32_sys_setgroups16", "on_compat_setgroups")
#else
#define COMPAT_SETGROUPS SETGROUPS_KPROBES("__arm64_sys_setgroups16", "on_compat_setgroups")
#endif

/* All of them, whatever is shown: commit_creds() is to know which changes belong to a call. */
static const struct probe by_kprobes[] = {
	CALL_KPROBES("setuid", "on_setuid"),
	CALL_KPROBES("setreuid", "on_setreuid"),
	CALL_KPROBES("setresuid", "on_setresuid"),
	CALL_KPROBES("setfsuid", "on_setfsuid"),
	CALL_KPROBES("setgid", "on_setgid"),
	CALL_KPROBES("setregid", "on_setregid"),
	CALL_KPROBES("setresgid", "on_setresgid"),
	CALL_KPROBES("setfsgid", "on_setfsgid"),
	SETGROUPS_KPROBES(SYSCALL_PREFIX "sys_setgroups", "on_setgroups"),
	KRETPROBE("sys_setgroups", "on_return", .instead_of = SYSCALL_PREFIX "sys_setgroups"),
	KPROBE("sys_setgroups", "on_sys_setgroups", .instead_of = SYSCALL_PREFIX "sys_setgroups"),
	COMPAT_SETGROUPS,
	KPROBE("security_bprm_committing_creds", "on_committing_creds"),
	KPROBE("commit_creds", "on_commit_creds", .optional = true,
	       .misses = "credentials that change without a call"),
	{},
};

static const struct probe by_raw_tracepoints[] = {
	RAW_TRACEPOINT("sched_process_exec", "on_exec", .wanted = &opt.execs),
	RAW_TRACEPOINT("sys_exit", "on_exit"),
	RAW_TRACEPOINT("sys_enter", "on_enter"),
	{},
};

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, NULL },
	{ by_raw_tracepoints, "credentials that change without a call", NULL },
	{},
};

/* ---- the numbers of the calls ---- */

static void add_number(uint32_t *numbers, int number, uint32_t call)
{
	/* X32 programs have a bit of their own in the number, which is not looked at. */
	number &= 0x3fffffff;
	if (number < SETUIDS_NUMBERS)
		numbers[number] |= call;
}

static void add_name(uint32_t *numbers, uint32_t arch, const char *name, uint32_t call)
{
	int number = seccomp_syscall_resolve_name_arch(arch, name);

	if (number >= 0)
		add_number(numbers, number, call);
}

/* In the 32-bit tables the plain name is that of the call with IDs of 16 bits. */
static void add_call(uint32_t *numbers, uint32_t call)
{
	bool is_arm = seccomp_arch_native() == SCMP_ARCH_AARCH64;
	uint32_t compat = is_arm ? SCMP_ARCH_ARM : SCMP_ARCH_X86;
	char wide[32];

	snprintf(wide, sizeof(wide), "%s32", calls[call].name);
	add_name(numbers, SCMP_ARCH_NATIVE, calls[call].name, call);
	add_name(numbers, compat, wide, call << SETUIDS_COMPAT_SHIFT);
	add_name(numbers, compat, calls[call].name,
		 (call | SETUIDS_16_BIT) << SETUIDS_COMPAT_SHIFT);
}

static void add_exec(uint32_t *numbers, const char *name)
{
	bool is_arm = seccomp_arch_native() == SCMP_ARCH_AARCH64;

	add_name(numbers, SCMP_ARCH_NATIVE, name, CALL_EXECVE);
	add_name(numbers, is_arm ? SCMP_ARCH_ARM : SCMP_ARCH_X86, name,
		 CALL_EXECVE << SETUIDS_COMPAT_SHIFT);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64)
		add_name(numbers, SCMP_ARCH_X32, name, CALL_EXECVE);
}

static int fill(struct session *session, struct error *error)
{
	static uint32_t numbers[SETUIDS_NUMBERS];
	int map = session_map(session, "calls");
	uint32_t i;

	for (i = CALL_SETUID; i <= CALL_SETGROUPS; i++)
		if (i < CALL_SETGID || opt.groups)
			add_call(numbers, i);
	if (opt.execs) {
		add_exec(numbers, "execve");
		add_exec(numbers, "execveat");
	}
	for (i = 0; i < SETUIDS_NUMBERS; i++)
		if (numbers[i] && bpf_update(map, &i, &numbers[i], BPF_ANY))
			return error_set(error, errno, "can't fill the map calls: %s",
					 strerror(errno));
	return 0;
}

static int prepare(struct session *session, struct error *error)
{
	(void)error;
	opt.groups |= opt.escalations;
	opt.execs |= opt.escalations;
	session_set_parameter(session, PARAM_GROUPS, opt.groups);
	session_set_parameter(session, PARAM_EXECS, opt.execs);
	return 0;
}

static void bound(void *data, size_t size)
{
	struct setuids_event *event = data;

	event->path_size = event_bound(size, offsetof(struct setuids_event, path),
				       sizeof(event->path), event->path_size);
}

static const struct image_map maps[] = {
	EXPECTED_MAP("calls", ARRAY, uint32_t, uint32_t),
	{},
};

static const struct tool setuids = {
	.name = "setuids",
	.summary = "Trace changes of identity: setuid, setresuid and the like.",
	.source = &setuids_source,
	.who = &who_did_it,
	.examples = "  setuids              calls that change users\n"
		    "  setuids -g -X        also groups, and execs of set-user-ID programs\n"
		    "  setuids -e           only what gains something\n"
		    "  setuids -x           only failed calls\n"
		    "  setuids -n '^su$'    only the command su\n",
	.options = options,
	.check_options = check_options,
	.feature_tests = feature_tests,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill,
	.row = row,
	.fields = fields,
	.wanted = wanted,
	.event_size = offsetof(struct setuids_event, path),
	.bound = bound,
	.maps = maps,
};

int main(int argc, char **argv)
{
	return tool_main(&setuids, argc, argv);
}
