// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "features/capability.h"
#include "features/file_id_text.h"
#include "features/login_text.h"
#include "features/path_text.h"
#include "features/who_fields.h"
#include "output/row.h"
#include "tool/tool_who.h"
#include "who_record.h"

#define OF_KERNEL    0x200000	  /* PF_KTHREAD */
#define KERNEL_MOUNT (1ULL << 22) /* SB_KERNMOUNT */
#define MEMFD_PREFIX "memfd:"
#define WRITE_OWNER  0200
#define WRITE_GROUP  0020
#define WRITE_OTHERS 0002

/* clang-format off */
const struct field who_fields[] = {
	FIELD_ROW("who.id", NUMBER, "one for the life of a process: when it started (ticks since the "
		  "boot, as in /proc/PID/stat) times 2^22, plus its PID"),
	FIELD_ROW("who.exe", PATH, "the file that runs", .is_optional = true),
	FIELD_ROW("who.exe_device", WORD, "its device, MAJOR:MINOR", .is_optional = true),
	FIELD_ROW("who.exe_inode", NUMBER, "its inode", .is_optional = true),
	FIELD_ROW("who.exe_flags", WORDS, "deleted, memfd, upper (of overlayfs), writable (others than "
		  "root may write to it)", .is_optional = true),
	FIELD_ROW(WHO_HASH_FIELD, WORD, "SHA-256 of the file, in hexadecimal (--hash); null: not known",
		  .is_optional = true, .can_be_null = true),
	FIELD_ROW("who.uid", NUMBER, "real user ID"),
	FIELD_ROW("who.euid", NUMBER, "effective user ID"),
	FIELD_ROW("who.suid", NUMBER, "saved user ID"),
	FIELD_ROW("who.gid", NUMBER, "real group ID"),
	FIELD_ROW("who.egid", NUMBER, "effective group ID"),
	FIELD_ROW("who.user", TEXT, "name of the real user", .is_optional = true),
	FIELD_ROW("who.caps", WORDS, "effective capabilities"),
	FIELD_ROW("who.gained.uids", ANY, "of an exec: user IDs that were gained, as numbers",
		  .is_optional = true),
	FIELD_ROW("who.gained.gids", ANY, "of an exec: group IDs that were gained, as numbers",
		  .is_optional = true),
	FIELD_ROW("who.gained.capabilities", WORDS, "of an exec: capabilities that were gained",
		  .is_optional = true),
	FIELD_ROW("who.auid", NUMBER, "user ID of the login that it comes from; absent: none",
		  .is_optional = true),
	FIELD_ROW("who.session", NUMBER, "number of that login; absent: none", .is_optional = true),
	FIELD_ROW("who.sid", NUMBER, "session ID"),
	FIELD_ROW("who.pgid", NUMBER, "process group ID"),
	FIELD_ROW("who.tty", TEXT, "controlling terminal; absent: none", .is_optional = true),
	FIELD_ROW("who.cwd", PATH, "of an exec: working directory", .is_optional = true),
	FIELD_ROW("who.parent.pid", NUMBER, "process ID of the parent", .is_optional = true),
	FIELD_ROW("who.parent.id", NUMBER, "the parent, as who.id", .is_optional = true),
	FIELD_ROW("who.parent.comm", TEXT, "name of the parent", .is_optional = true),
	FIELD_ROW("who.parent.exe", PATH, "the file that the parent runs", .is_optional = true),
	FIELD_ROW("who.parent.args", TEXTS, "its command line; null: not known",
		  .is_optional = true, .can_be_null = true),
	FIELD_ROW("who.parent.args_truncated", TRUTH, "whether it is longer", .is_optional = true),
	FIELD_ROW("who.parent.from", WORD, "proc: the command line is what /proc had of it at the "
		  "start", .is_optional = true),
	FIELD_ROW("who.ancestors", OBJECTS, "those above the parent, from below: pid, id, comm, args, "
		  "args_truncated, from", .is_optional = true),
	FIELD_ROW("who.cgroup", PATH, "cgroup of version 2; if that is the root, of version 1 "
		  "(cpuset)", .is_optional = true),
	FIELD_ROW("who.container", WORD, "ID of the container, in the cgroup's name",
		  .is_optional = true),
	FIELD_ROW("who.mntns", NUMBER, "inode number of the mount namespace"),
	FIELD_ROW("who.pidns", NUMBER, "inode number of the PID namespace"),
	FIELD_ROW("who.netns", NUMBER, "inode number of the network namespace"),
	FIELD_ROW("who.userns", NUMBER, "inode number of the user namespace"),
	FIELD_ROW("who.pid_in_ns", NUMBER, "its PID in its own PID namespace"),
	FIELD_ROW("who.seccomp", WORD, "disabled, strict or filter", .is_optional = true),
	FIELD_ROW("who.no_new_privs", TRUTH, "whether no exec can gain anything"),
	FIELD_ROW("who.kernel", TRUTH, "whether it is the kernel's, or the kernel has started it"),
	FIELD_ROW("who", OBJECT, "with --who: all of it", .is_optional = true),
	{},
};
/* clang-format on */

/* A text from the traced system, and what stands beside it if it is not UTF-8. */
static void set_text(json_t *object, const char *key, const char *text, size_t size)
{
	char hex_key[64];
	json_t *hex;

	json_object_set_new(object, key, row_json_text(text, size, &hex));
	snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
	if (hex)
		json_object_set_new(object, hex_key, hex);
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static void set_path(json_t *object, const char *key, const struct strings *strings,
		     const struct path_names *names)
{
	char *path = path_whole(strings, names);

	if (path)
		set_text(object, key, path, strlen(path));
	free(path);
}

static void add_word(json_t *array, bool is_true, const char *word)
{
	if (is_true)
		json_array_append_new(array, json_string(word));
}

/* ---- the file ---- */

static bool is_memfd(const struct who_record *record)
{
	const char *name = path_string(&record->strings, record->exe.offset);

	return record->exe_file_system & KERNEL_MOUNT &&
	       !strncmp(name, MEMFD_PREFIX, strlen(MEMFD_PREFIX));
}

/* By its mode: whether another user than root can write to it. */
static bool is_writable(const struct who_record *record)
{
	return (record->exe_mode & WRITE_OWNER && record->exe_uid) ||
	       (record->exe_mode & WRITE_GROUP && record->exe_gid) ||
	       record->exe_mode & WRITE_OTHERS;
}

static void add_exe(json_t *object, const struct who_record *record)
{
	const struct file_id id = { .device = record->values.exe_device };
	json_t *flags = json_array();
	char text[DEVICE_TEXT];

	if (!(record->has & WHO_HAS_EXE)) {
		json_decref(flags);
		return;
	}
	set_path(object, "exe", &record->strings, &record->exe);
	device_text(&id, text);
	json_object_set_new(object, "exe_device", json_string(text));
	set_number(object, "exe_inode", record->values.exe_inode);
	add_word(flags, record->exe.deleted || !record->exe_links, "deleted");
	add_word(flags, is_memfd(record), "memfd");
	add_word(flags, record->exe_is_upper, "upper");
	add_word(flags, is_writable(record), "writable");
	json_object_set_new(object, "exe_flags", flags);
}

/* ---- credentials ---- */

static void add_credentials(json_t *object, const struct who_record *record, const char *user)
{
	const struct who_credentials *credentials = &record->values.credentials;

	set_number(object, "uid", credentials->uid);
	set_number(object, "euid", credentials->euid);
	set_number(object, "suid", credentials->suid);
	set_number(object, "gid", credentials->gid);
	set_number(object, "egid", credentials->egid);
	if (user)
		set_text(object, "user", user, strlen(user));
	json_object_set_new(object, "caps", capability_json(credentials->effective));
}

static bool is_among(const uint32_t ids[3], size_t count, uint32_t id)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Those of after, once each, that are not in before. */
static json_t *new_ids(const uint32_t *before, const uint32_t *after, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		if (!is_among(before, count, after[i]) && !is_among(after, i, after[i]))
			json_array_append_new(array, json_integer(after[i]));
	return array;
}

static void add_gained(json_t *object, const struct who_record *record)
{
	const struct who_credentials *b = &record->before, *a = &record->values.credentials;
	const uint32_t users_before[] = { b->uid, b->euid, b->suid };
	const uint32_t users_after[] = { a->uid, a->euid, a->suid };
	const uint32_t groups_before[] = { b->gid, b->egid }, groups_after[] = { a->gid, a->egid };
	json_t *gained = json_object();

	json_object_set_new(gained, "uids", new_ids(users_before, users_after, 3));
	json_object_set_new(gained, "gids", new_ids(groups_before, groups_after, 2));
	json_object_set_new(gained, "capabilities", capability_json(a->permitted & ~b->permitted));
	json_object_set_new(object, "gained", gained);
}

/* ---- where it comes from ---- */

static void add_login(json_t *object, const struct who_values *values)
{
	if (values->auid != LOGIN_NOBODY)
		set_number(object, "auid", values->auid);
	if (values->session != LOGIN_NOBODY)
		set_number(object, "session", values->session);
}

static void add_terminal(json_t *object, const struct who_record *record)
{
	struct terminal_name terminal;

	if (terminal_name(&terminal, record->tty, sizeof(record->tty)))
		set_text(object, "tty", terminal.text, strlen(terminal.text));
}

static void add_args(json_t *object, const struct who_command *command)
{
	json_t *args = json_array(), *all_hex = json_array(), *hex;
	const char *at = command->args, *end = at + command->size;
	bool is_whole = true;

	for (; at < end; at += strlen(at) + 1) {
		json_array_append_new(args, row_json_text(at, strlen(at), &hex));
		is_whole = is_whole && !hex;
		json_decref(hex);
		json_array_append_new(all_hex, row_json_hex(at, strlen(at)));
	}
	json_object_set_new(object, "args", args);
	if (!is_whole)
		json_object_set(object, "args_hex", all_hex);
	json_decref(all_hex);
	json_object_set_new(object, "args_truncated", json_boolean(command->is_cut));
	if (command->is_from_proc)
		json_object_set_new(object, "from", json_string("proc"));
}

static json_t *ancestor_object(const struct who_ancestor *ancestor, struct who_commands *commands)
{
	uint64_t id = who_process_id(ancestor->pid, ancestor->start);
	const struct who_command *command = who_commands_find(commands, id, ancestor->exec_id);
	json_t *object = json_object();

	set_number(object, "pid", ancestor->pid);
	set_number(object, "id", id);
	set_text(object, "comm", ancestor->comm, strnlen(ancestor->comm, sizeof(ancestor->comm)));
	if (command)
		add_args(object, command);
	return object;
}

static void add_ancestors(json_t *object, const struct who_record *record,
			  struct who_commands *commands)
{
	json_t *ancestors, *parent;
	uint32_t i;

	if (!record->ancestor_count)
		return;
	parent = ancestor_object(&record->ancestors[0], commands);
	/* No condition is to leave out what is not known. */
	if (!json_object_get(parent, "args"))
		json_object_set_new(parent, "args", json_null());
	if (record->has & WHO_HAS_PARENT_EXE)
		set_path(parent, "exe", &record->strings, &record->parent_exe);
	json_object_set_new(object, "parent", parent);
	ancestors = json_array();
	for (i = 1; i < record->ancestor_count; i++)
		json_array_append_new(ancestors, ancestor_object(&record->ancestors[i], commands));
	json_object_set_new(object, "ancestors", ancestors);
}

/* ---- cgroup and namespaces ---- */

static bool is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* The first word of 64 hexadecimal digits in the name, or NULL. */
static const char *find_id(const char *name, size_t size)
{
	size_t i, length = 0;

	for (i = 0; i < size; i++) {
		length = is_digit(name[i]) ? length + 1 : 0;
		if (length == WHO_CONTAINER_DIGITS &&
		    (i + 1 == size || !isalnum((unsigned char)name[i + 1])) &&
		    (i + 1 == length || !isalnum((unsigned char)name[i - length])))
			return name + i + 1 - length;
	}
	return NULL;
}

bool who_container(const char *cgroup, char id[WHO_CONTAINER_DIGITS + 1])
{
	const char *end = cgroup + strlen(cgroup), *start, *found;

	for (; end > cgroup; end = start - 1) {
		for (start = end; start > cgroup && start[-1] != '/'; start--)
			;
		found = find_id(start, (size_t)(end - start));
		/* conmon watches a container, and is not in it. */
		if (found && strncmp(start, "crio-conmon-", 12) &&
		    strncmp(start, "libpod-conmon-", 14)) {
			snprintf(id, WHO_CONTAINER_DIGITS + 1, "%.*s", WHO_CONTAINER_DIGITS, found);
			return true;
		}
		if (start == cgroup)
			break;
	}
	return false;
}

static void add_cgroup(json_t *object, const struct who_record *record)
{
	const struct path_names names = {
		.offset = record->cgroup_offset,
		.size = record->cgroup_size,
		.end = record->cgroup_is_cut ? PATH_CUT : PATH_TO_ROOT,
	};
	char *path = path_whole(&record->strings, &names), id[WHO_CONTAINER_DIGITS + 1];

	if (!path)
		return;
	if (record->values.cgroup)
		set_text(object, "cgroup", path, strlen(path));
	if (who_container(path, id))
		json_object_set_new(object, "container", json_string(id));
	free(path);
}

static void add_namespaces(json_t *object, const struct who_record *record)
{
	set_number(object, "mntns", record->values.mount_namespace);
	set_number(object, "pidns", record->pid_namespace);
	set_number(object, "netns", record->values.network_namespace);
	set_number(object, "userns", record->values.user_namespace);
	set_number(object, "pid_in_ns", record->pid_in_namespace);
}

static bool is_of_kernel(const struct who_record *record)
{
	return record->values.flags & OF_KERNEL ||
	       (record->ancestor_count && record->ancestors[0].flags & OF_KERNEL);
}

static void add_security(json_t *object, const struct who_record *record)
{
	static const char *const modes[] = { "disabled", "strict", "filter" };

	if (record->has & WHO_HAS_SECCOMP && record->values.seccomp < 3)
		json_object_set_new(object, "seccomp", json_string(modes[record->values.seccomp]));
	json_object_set_new(object, "no_new_privs", json_boolean(record->values.attributes));
	json_object_set_new(object, "kernel", json_boolean(is_of_kernel(record)));
}

json_t *who_object(const struct who_record *record, const char *user, const char *sha256,
		   bool at_exec, struct who_commands *commands)
{
	json_t *object = json_object();

	set_number(object, "id", who_process_id(record->values.tgid, record->start));
	add_exe(object, record);
	if (sha256)
		json_object_set_new(object, "exe_sha256", json_string(sha256));
	add_credentials(object, record, user);
	if (at_exec && record->has & WHO_HAS_BEFORE)
		add_gained(object, record);
	if (record->has & WHO_HAS_LOGIN)
		add_login(object, &record->values);
	set_number(object, "sid", record->values.sid);
	set_number(object, "pgid", record->values.pgid);
	add_terminal(object, record);
	if (at_exec && record->has & WHO_HAS_CWD)
		set_path(object, "cwd", &record->strings, &record->cwd);
	add_ancestors(object, record, commands);
	add_cgroup(object, record);
	add_namespaces(object, record);
	add_security(object, record);
	return object;
}

void who_bound(struct who_record *record, size_t size)
{
	size_t strings = offsetof(struct who_record, strings.bytes);
	size_t room = size > strings ? size - strings : 0;

	if (record->strings.size > room)
		record->strings.size = (uint32_t)room;
	if (record->ancestor_count > WHO_ANCESTORS)
		record->ancestor_count = WHO_ANCESTORS;
}
