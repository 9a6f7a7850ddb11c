// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "features/who.h"
#include "features/who_commands.h"
#include "features/who_fields.h"
#include "support.h"
#include "who_record.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void assert_container(const char *cgroup, const char *expected)
{
	char id[WHO_CONTAINER_DIGITS + 1] = "";

	assert_int_equal(who_container(cgroup, id), expected != NULL);
	assert_string_equal(id, expected ? expected : "");
}

static void containers_are_found_in_cgroups(void **state)
{
	(void)state;
	assert_container("/", NULL);
	assert_container("", NULL);
	assert_container("/system.slice/sshd.service", NULL);
	assert_container("/docker/" ID, ID);
	assert_container("/system.slice/docker-" ID ".scope", ID);
	assert_container("/kubepods/pod1/cri-containerd-" ID ".scope/inner/more", ID);
	assert_container("/machine.slice/libpod-" ID ".scope", ID);
	assert_container("/kubepods/crio-" ID ".scope", ID);
	assert_container("/machine.slice/libpod-conmon-" ID ".scope", NULL);
	assert_container("/docker/" OTHER "/docker/" ID, ID);
	assert_container("/docker-" ID "0.scope", NULL);
	assert_container("/docker-0" ID ".scope", NULL);
	assert_container("/docker-x" ID ".scope", NULL);
}

static void put_exec(struct who_commands *commands, uint32_t pid, uint64_t start, uint64_t exec_id,
		     const char *args, uint32_t size)
{
	struct who_exec exec = {
		.note = WHO_EXEC, .pid = pid, .start = start, .exec_id = exec_id, .size = size
	};

	memcpy(exec.args, args, size);
	who_commands_take_exec(commands, &exec);
}

static void a_child_has_its_parents_command_line(void **state)
{
	struct who_commands *commands = who_commands_new();
	const struct who_fork fork = { .note = WHO_FORK,
				       .pid = 7,
				       .start = 1000000000,
				       .exec_id = 1,
				       .child = 8,
				       .child_start = 2000000000 };
	uint64_t parent = who_process_id(7, 1000000000), child = who_process_id(8, 2000000000);

	(void)state;
	who_commands_take_fork(commands, &fork);
	assert_null(who_commands_find(commands, child, 1));
	put_exec(commands, 7, 1000000000, 1, "sh\0-c", 6);
	who_commands_take_fork(commands, &fork);
	put_exec(commands, 7, 1000000000, 2, "other", 6);
	assert_memory_equal(who_commands_find(commands, child, 1)->args, "sh\0-c", 6);
	assert_memory_equal(who_commands_find(commands, parent, 2)->args, "other", 6);
	/* An exec that was not seen. */
	assert_null(who_commands_find(commands, child, 2));
	put_exec(commands, 8, 2000000000, 2, "id", 3);
	assert_int_equal(who_commands_find(commands, child, 2)->size, 3);
	assert_null(who_commands_find(commands, who_process_id(7, 1100000000), 1));
	who_commands_free(commands);
}

static void an_id_is_what_proc_says(void **state)
{
	(void)state;
	assert_int_equal(who_process_id(1, 10000000), (1 << 22) + 1);
	assert_int_equal(who_process_id(0x3fffff, 9999999), 0x3fffff);
}

/* Its names, from the lowest up, as bpfsrc/path.bpf.h puts them. */
static void put_names(struct who_record *record, struct path_names *names, const char *text,
		      uint32_t size)
{
	names->offset = record->strings.size;
	names->size = size;
	names->end = PATH_TO_ROOT;
	memcpy(record->strings.bytes + record->strings.size, text, size);
	record->strings.size += size;
}

static struct who_record *make_record(void)
{
	struct who_record *record = calloc(1, sizeof(*record));

	record->number = 5ULL << 32 | 1;
	record->start = 3000000000;
	record->has = WHO_HAS_EXE | WHO_HAS_LOGIN | WHO_HAS_BEFORE | WHO_HAS_CWD;
	record->values.tgid = 5;
	record->values.auid = 1000;
	record->values.session = LOGIN_NOBODY;
	record->values.credentials = (struct who_credentials){ .uid = 1000, .permitted = 3 };
	record->before = (struct who_credentials){ .uid = 1000, .euid = 1000, .suid = 1000 };
	record->exe_uid = 7;
	record->exe_mode = 0755;
	record->exe_links = 1;
	strcpy(record->tty, "pts3");
	put_names(record, &record->exe, "su\0bin", 7);
	put_names(record, &record->cwd, "home", 5);
	record->ancestor_count = 2;
	record->ancestors[0] = (struct who_ancestor){ .pid = 4, .comm = "sh\xff" };
	record->ancestors[1] = (struct who_ancestor){ .pid = 1, .comm = "init" };
	return record;
}

static void assert_object(const struct who_record *record, bool at_exec, const char *expected)
{
	struct who_commands *commands = who_commands_new();
	json_t *object = who_object(record, "joe", NULL, at_exec, commands);
	char *text = json_dumps(object, JSON_COMPACT);

	assert_string_equal(text, expected);
	free(text);
	json_decref(object);
	who_commands_free(commands);
}

#define BEGIN                                                                                   \
	"{\"id\":1258291205,\"exe\":\"/bin/su\",\"exe_device\":\"0:0\",\"exe_inode\":0,"        \
	"\"exe_flags\":[\"writable\"],\"uid\":1000,\"euid\":0,\"suid\":0,\"gid\":0,\"egid\":0," \
	"\"user\":\"joe\",\"caps\":[],"
#define END                                                                               \
	"\"parent\":{\"pid\":4,\"id\":4,\"comm\":\"sh\\ufffd\",\"comm_hex\":\"7368ff\","  \
	"\"args\":null},"                                                                 \
	"\"ancestors\":[{\"pid\":1,\"id\":1,\"comm\":\"init\"}],\"mntns\":0,\"pidns\":0," \
	"\"netns\":0,\"userns\":0,\"pid_in_ns\":0,\"no_new_privs\":false,\"kernel\":false}"

static char *with_replacement(const char *text)
{
	struct buffer buffer = {};
	const char *at = strstr(text, "\\ufffd");

	buffer_append(&buffer, text, (size_t)(at - text));
	buffer_append_string(&buffer, "\xef\xbf\xbd");
	buffer_append_string(&buffer, at + 6);
	return buffer_take_string(&buffer);
}

static void a_record_becomes_an_object(void **state)
{
	struct who_record *record = make_record();
	char *plain =
		with_replacement(BEGIN "\"auid\":1000,\"sid\":0,\"pgid\":0,\"tty\":\"pts/3\"," END);
	char *exec = with_replacement(
		BEGIN "\"gained\":{\"uids\":[0],\"gids\":[],\"capabilities\":[\"CAP_CHOWN\","
		      "\"CAP_DAC_OVERRIDE\"]},\"auid\":1000,\"sid\":0,\"pgid\":0,"
		      "\"tty\":\"pts/3\",\"cwd\":\"/home\"," END);

	(void)state;
	assert_object(record, false, plain);
	assert_object(record, true, exec);
	free(plain);
	free(exec);
	free(record);
}

static void a_missing_record_is_said(void **state)
{
	void *who = who_did_it.open(-1);
	struct who_record *record = make_record();
	const struct who_view *view;

	(void)state;
	assert_non_null(who);
	assert_null(who_did_it.find(who, record->number, false));
	who_did_it.take_record(who, record, 10);
	who_did_it.take_record(who, record,
			       offsetof(struct who_record, strings.bytes) + record->strings.size);
	view = who_did_it.find(who, record->number | WHO_AT_EXEC, false);
	assert_non_null(view);
	assert_null(view->object);
	assert_string_equal(view->auid, "1000");
	assert_string_equal(view->tty, "pts/3");
	assert_string_equal(view->exe, "/bin/su");
	assert_null(view->container);
	assert_non_null(strstr(view->json, "\"cwd\":"));
	assert_null(strstr(who_did_it.find(who, record->number, false)->json, "\"cwd\":"));
	assert_true(json_is_null(json_object_get(who_did_it.nobody(who)->object, "exe")));
	who_did_it.close(who);
	free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_are_found_in_cgroups),
		cmocka_unit_test(a_child_has_its_parents_command_line),
		cmocka_unit_test(an_id_is_what_proc_says),
		cmocka_unit_test(a_record_becomes_an_object),
		cmocka_unit_test(a_missing_record_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
