// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/lru.h"
#include "features/file_hashes.h"
#include "features/user_name.h"
#include "features/who.h"
#include "features/who_commands.h"
#include "features/who_fields.h"
#include "kernel/bpf.h"
#include "output/value.h"
#include "tool/feature_tests.h"
#include "who_record.h"

#define MOST_RECORDS WHO_ENTRIES
#define MOST_USERS   256

/* A record, and what was made of it for an event of its own moment, and for all others. */
struct held {
	struct shown {
		struct who_view view; /* the texts are the object's, or below */
		bool awaits_hash;     /* it was made before the hash was known */
		char auid[24];
		char sha256[FILE_HASH_TEXT];
		char *tty, *container, *exe; /* where there is no object */
	} shown[2];
	struct who_record *record; /* with a NUL behind it */
};

struct who {
	int entries;
	struct lru *records; /* by number */
	struct lru *users;   /* names by UID */
	struct who_commands *commands;
	struct file_hashes *hashes; /* NULL: without --hash */
	struct who_view nobody;
};

/* ---- views ---- */

static void release_view(struct who_view *view)
{
	free((char *)view->json);
	json_decref(view->object);
	*view = (struct who_view){};
}

static void release_shown(struct shown *shown)
{
	release_view(&shown->view);
	free(shown->tty);
	free(shown->container);
	free(shown->exe);
	*shown = (struct shown){};
}

static int append_chunk(const char *data, size_t size, void *context)
{
	escape_append_json(context, data, size);
	return 0;
}

static const char *text_in(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Names stay as they are found first: to ask for each event would take too long. */
static const char *name_of(struct who *who, uint32_t uid)
{
	char text[MONITOR_TEXT], number[16];
	char *name = lru_find(who->users, uid);

	if (!name) {
		snprintf(number, sizeof(number), "%u", uid);
		user_name(uid, text);
		name = strdup(strcmp(text, number) ? text : "");
		if (name)
			lru_put(who->users, uid, name);
	}
	return name && *name ? name : NULL;
}

/* The object takes many times as much memory as its text: what the columns need is copied. */
static void keep_columns(struct shown *shown)
{
	struct who_view *view = &shown->view;

	shown->tty = view->tty ? strdup(view->tty) : NULL;
	shown->container = view->container ? strdup(view->container) : NULL;
	shown->exe = view->exe ? strdup(view->exe) : NULL;
	view->tty = shown->tty;
	view->container = shown->container;
	view->exe = shown->exe;
	json_decref(view->object);
	view->object = NULL;
}

static void add_hash(const struct who *who, const struct who_record *record, struct shown *shown)
{
	if (!who->hashes)
		return;
	shown->awaits_hash = file_hashes_await(who->hashes, record);
	if (file_hashes_find(who->hashes, record, shown->sha256))
		shown->view.sha256 = shown->sha256;
}

static void make_view(struct who *who, const struct held *held, bool at_exec, bool keeps_object,
		      struct shown *shown)
{
	const struct who_record *record = held->record;
	struct who_view *view = &shown->view;
	struct buffer text = {};

	add_hash(who, record, shown);
	view->object = who_object(record, name_of(who, record->values.credentials.uid),
				  view->sha256, at_exec, who->commands);
	/* Not known: no condition is to leave it out. */
	if (who->hashes && !view->sha256 && json_object_get(view->object, "exe"))
		json_object_set_new(view->object, "exe_sha256", json_null());
	buffer_append_string(&text, "\"who\":");
	json_dump_callback(view->object, append_chunk, &text, JSON_COMPACT);
	view->json_size = text.size;
	view->json = buffer_take_string(&text);
	if (json_object_get(view->object, "auid")) {
		snprintf(shown->auid, sizeof(shown->auid), "%u", record->values.auid);
		view->auid = shown->auid;
	}
	view->tty = text_in(view->object, "tty");
	view->container = text_in(view->object, "container");
	view->exe = text_in(view->object, "exe");
	if (!keeps_object)
		keep_columns(shown);
}

/* Puts null where the dotted name says. */
static void put_null(json_t *object, const char *name)
{
	const char *dot = strchr(name, '.');
	char part[64];
	json_t *inner;

	if (!dot) {
		json_object_set_new(object, name, json_null());
		return;
	}
	snprintf(part, sizeof(part), "%.*s", (int)(dot - name), name);
	inner = json_object_get(object, part);
	if (!inner) {
		inner = json_object();
		json_object_set_new(object, part, inner);
	}
	put_null(inner, dot + 1);
}

static json_t *unknown_object(void)
{
	const struct field *field;
	json_t *object = json_object();

	for (field = who_fields; field->name; field++)
		if (strchr(field->name, '.'))
			put_null(object, strchr(field->name, '.') + 1);
	return object;
}

/* ---- the table ---- */

/*
 * If the task still lives, its next event brings its record again. That of another task with the
 * same number does so too, without need.
 */
static void drop_record(void *context, uint64_t number, void *value)
{
	const struct who *who = context;
	uint32_t tid = (uint32_t)(number >> 32);
	struct held *held = value;

	if (who->entries >= 0)
		bpf_delete(who->entries, &tid);
	release_shown(&held->shown[0]);
	release_shown(&held->shown[1]);
	free(held->record);
	free(held);
}

static void drop_name(void *context, uint64_t uid, void *value)
{
	(void)context;
	(void)uid;
	free(value);
}

static void take_record(void *context, const void *data, size_t size)
{
	const size_t least = offsetof(struct who_record, strings.bytes);
	struct who *who = context;
	struct held *held;

	if (size < least || size > sizeof(struct who_record))
		return;
	held = calloc(1, sizeof(*held));
	if (held)
		held->record = malloc(size + 1);
	if (!held || !held->record) {
		free(held);
		return;
	}
	memcpy(held->record, data, size);
	((char *)held->record)[size] = '\0';
	who_bound(held->record, size);
	lru_put(who->records, held->record->number, held);
	if (who->hashes)
		file_hashes_want(who->hashes, held->record);
}

static void take_note(void *context, const void *note, size_t size)
{
	struct who *who = context;
	const struct who_fork *fork = note;
	const struct who_exec *exec = note;

	if (size >= sizeof(*fork) && fork->note == WHO_FORK)
		who_commands_take_fork(who->commands, fork);
	else if (size >= offsetof(struct who_exec, args) && exec->note == WHO_EXEC &&
		 exec->size <= size - offsetof(struct who_exec, args))
		who_commands_take_exec(who->commands, exec);
}

static const struct who_view *find(void *context, uint64_t number, bool object)
{
	struct who *who = context;
	struct held *held = lru_find(who->records, number & ~WHO_AT_EXEC);
	bool at_exec = number & WHO_AT_EXEC;
	struct shown *shown;

	if (!held)
		return NULL;
	shown = &held->shown[at_exec];
	if (shown->awaits_hash && !file_hashes_await(who->hashes, held->record))
		release_shown(shown);
	if (!shown->view.json)
		make_view(who, held, at_exec, object, shown);
	return &shown->view;
}

static int begin_hashes(void *context, int *fd, struct error *error)
{
	struct who *who = context;

	return file_hashes_new(&who->hashes, fd, error);
}

static bool take_hashes(void *context)
{
	return file_hashes_take(((const struct who *)context)->hashes);
}

static bool awaits_hash(void *context, uint64_t number)
{
	const struct who *who = context;
	const struct held *held = lru_find(who->records, number & ~WHO_AT_EXEC);

	return held && file_hashes_await(who->hashes, held->record);
}

static const struct who_view *nobody(void *context)
{
	return &((const struct who *)context)->nobody;
}

static void close_who(void *context)
{
	struct who *who = context;

	if (!who)
		return;
	who->entries = -1;
	lru_free(who->records);
	lru_free(who->users);
	who_commands_free(who->commands);
	file_hashes_free(who->hashes);
	release_view(&who->nobody);
	free(who);
}

static void *open_who(int entries)
{
	struct who *who = calloc(1, sizeof(*who));

	if (!who)
		return NULL;
	who->entries = entries;
	who->records = lru_new(MOST_RECORDS, drop_record, who);
	who->users = lru_new(MOST_USERS, drop_name, NULL);
	who->commands = who_commands_new();
	who->nobody.object = unknown_object();
	if (!who->records || !who->users || !who->commands || !who->nobody.object) {
		close_who(who);
		return NULL;
	}
	who_commands_read_proc(who->commands);
	user_name_offer();
	return who;
}

static const struct feature_test feature_tests[] = {
	TEST_TASK_REGISTERS,
	{ "HAVE_BOOT_TIME", "struct task_struct", "start_boottime", "linux/sched.h" },
	TEST_LOGINUID,
	{ "HAVE_SECCOMP_MODE", "struct seccomp", "mode", "linux/sched.h" },
	{ "HAVE_SIGNAL_PIDS", "struct signal_struct", "pids", "linux/sched/signal.h" },
	{ "HAVE_THREAD_PID", "struct task_struct", "thread_pid", "linux/sched.h" },
	{ "HAVE_INODE_CTIME", "struct inode", "i_ctime", "linux/fs.h" },
	{ "HAVE_INODE_CTIME_SEC", "struct inode", "i_ctime_sec", "linux/fs.h" },
	/* 6.15 has renamed it. */
	{ "HAVE_KERNFS_OPEN_PARENT", "struct kernfs_node", "parent", "linux/kernfs.h" },
	{},
};

/* --who needs 4.18 (trial_of_who()), which has raw tracepoints. */
static const struct probe probes[] = {
	RAW_TRACEPOINT("sched_process_exec", "who_on_exec"),
	RAW_TRACEPOINT("sched_process_fork", "who_on_fork"),
	RAW_TRACEPOINT("task_rename", "who_on_rename"),
	{},
};

extern const struct program_source who_source;

const struct who_operations who_did_it = {
	.source = &who_source,
	.feature_tests = feature_tests,
	.probes = probes,
	.fields = who_fields,
	.open = open_who,
	.take_record = take_record,
	.take_note = take_note,
	.find = find,
	.nobody = nobody,
	.begin_hashes = begin_hashes,
	.take_hashes = take_hashes,
	.awaits_hash = awaits_hash,
	.close = close_who,
};
