// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/capability.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bashreadline.h"
#include "features/login_text.h"
#include "kernel/elfsym.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "features/who.h"
#include "tool/tool.h"

extern const struct program_source bashreadline_source;

/* Only bash has this function. It exports it for its loadable builtins. */
#define FUNCTION_OF_BASH "bash_initialize_history"

static struct {
	bool shared;
	const char *library; /* NULL: the library that bash is linked with */
} opt;

/* The file that contains readline, for all probes. Found by prepare(). */
static char binary[PATH_MAX];
static bool is_bash; /* binary is bash itself, not a library that other programs use too */

/* The argument of -s is optional. As in BCC's tool, it can also be the next word (take_argument()).
 */
static void take_shared(struct argp_state *state, char *argument)
{
	(void)state;
	opt.shared = true;
	opt.library = argument;
}

static bool take_argument(const struct argp_state *state, const char *argument)
{
	(void)state;
	if (!opt.shared || opt.library)
		return false;
	opt.library = argument;
	return true;
}

static const struct tool_option options[] = {
	OPTION("shared", 's', "PATH", TAKES_ANY,
	       "Trace readline in the shared library at PATH, or the one that bash is linked with",
	       .take = take_shared, .is_optional = true),
	{},
};

static const struct field fields[] = {
	FIELD_ROW("pid", NUMBER, "process ID of the shell"),
	FIELD_ROW("uid", NUMBER, "the real user ID"),
	FIELD_ROW("comm", TEXT, "name of the shell"),
	LOGIN_FIELDS,
	FIELD_ROW("command", TEXT, "the line", .cut_by = "truncated", .width = -30),
	FIELD_ROW("truncated", TRUTH, "whether the line was longer than 16 kB"),
	{},
};

static void row(struct row *row, const void *data)
{
	const struct bashreadline_event *event = data;
	size_t size = event->line_size;

	row_clock(row, "TIME", -9);
	row_uint(row, "PID", "pid", -7, event->pid);
	row_uint(row, NULL, "uid", 0, event->uid);
	row_text(row, NULL, "comm", 0, event->comm, sizeof(event->comm));
	row_login(row, &event->login);
	row_text(row, "COMMAND", "command", 0, event->line, size);
	row_json(row, "truncated", json_boolean(size == LINE_SIZE));
}

/* Processes recognised as bash, by PID and comm: one that has ended is known by earlier lines. */
#define KNOWN_SHELLS 256

struct shell {
	uint32_t pid;
	char comm[sizeof(((struct bashreadline_event *)0)->comm)];
};

static struct shell known[KNOWN_SHELLS];

static struct shell *place_of(const struct bashreadline_event *event)
{
	return &known[event->pid % KNOWN_SHELLS];
}

static bool is_known(const struct bashreadline_event *event)
{
	const struct shell *shell = place_of(event);

	return shell->pid == event->pid && !memcmp(shell->comm, event->comm, sizeof(shell->comm));
}

static void remember(const struct bashreadline_event *event)
{
	struct shell *shell = place_of(event);

	shell->pid = event->pid;
	memcpy(shell->comm, event->comm, sizeof(shell->comm));
}

/* What is known of an executable, by device and inode; another file may come to have these. */
enum verdict { UNKNOWN, IS_BASH, IS_NOT_BASH };

#define VERDICTS 256

static struct {
	struct file_identity identity; /* zeros: none */
	enum verdict verdict;
} verdicts[VERDICTS];

/* Closes fd. */
static enum verdict look_into(int fd)
{
	struct error error = {};
	uint64_t offset;
	int err = elfsym_offset_in(fd, "the program", FUNCTION_OF_BASH, &offset, &error);

	error_clear(&error);
	return !err ? IS_BASH : err == -ENOENT ? IS_NOT_BASH : UNKNOWN;
}

/* In the text of an answer. */
struct program {
	struct file_identity identity;
	char comm[MONITOR_TEXT - sizeof(struct file_identity)];
};

/* The executable of a process. Returns a descriptor or a negative errno. */
static int open_program(uint64_t pid, struct file_identity *identity)
{
	char path[40];

	if (!pid || pid > INT32_MAX)
		return -EPERM;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return file_open_identified(path, identity);
}

/* Which file a process executes, and its name after that was opened. */
static void answer_program(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct program program = {};
	int fd = open_program(argument, &program.identity);
	char path[40], *comm;
	size_t size;

	(void)context;
	answer->result = fd < 0 ? fd : 0;
	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)argument);
	comm = file_read(path, &size);
	snprintf(program.comm, sizeof(program.comm), "%s", comm ? comm : "");
	free(comm);
	memcpy(answer->text, &program, sizeof(program));
	close(fd);
}

static const struct monitor_question question_program = { .answer = answer_program,
							  .can_block = true };

/* The same file's verdict. It may be hostile. */
static void answer_verdict(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct file_identity identity;
	int fd = open_program(argument, &identity), err = fd < 0 ? fd : monitor_give_up();

	(void)context;
	if (err) {
		if (fd >= 0)
			close(fd);
		answer->result = err;
		return;
	}
	memcpy(answer->text, &identity, sizeof(identity));
	answer->result = look_into(fd);
}

static const struct monitor_question question_verdict = { .answer = answer_verdict,
							  .can_block = true,
							  .gives_up = true };

static enum verdict verdict_of_file(uint32_t pid, const struct file_identity *identity)
{
	size_t i = (identity->device ^ identity->inode) % VERDICTS;
	struct monitor_answer answer;

	if (!memcmp(&verdicts[i].identity, identity, sizeof(*identity)))
		return verdicts[i].verdict;
	monitor_ask(&question_verdict, NULL, pid, &answer);
	if (answer.result < 0 || memcmp(answer.text, identity, sizeof(*identity)))
		return UNKNOWN;
	verdicts[i].identity = *identity;
	verdicts[i].verdict = (enum verdict)answer.result;
	return verdicts[i].verdict;
}

/* Whether the process has had another program run since the event, as far as its name tells. */
static bool has_another_name(const struct bashreadline_event *event, const char *comm)
{
	size_t size = strlen(comm);

	return !size || size - 1 != strnlen(event->comm, sizeof(event->comm)) ||
	       memcmp(comm, event->comm, size - 1);
}

static enum verdict verdict_of_process(const struct bashreadline_event *event)
{
	struct monitor_answer answer;
	struct program program;

	monitor_ask(&question_program, NULL, event->pid, &answer);
	if (answer.result)
		return UNKNOWN;
	memcpy(&program, answer.text, sizeof(program));
	if (has_another_name(event, program.comm))
		return UNKNOWN;
	return verdict_of_file(event->pid, &program.identity);
}

/*
 * A shared libreadline serves other programs too. A line is left out only if its program is found
 * not to be bash: of a shell that has gone by now or has become another program, or whose
 * executable does not tell, it is shown.
 */
static bool wanted(const void *data)
{
	const struct bashreadline_event *event = data;
	enum verdict verdict;

	if (is_bash || !strncmp(event->comm, "bash", sizeof(event->comm)) || is_known(event))
		return true;
	verdict = verdict_of_process(event);
	if (verdict == IS_BASH)
		remember(event);
	return verdict != IS_NOT_BASH;
}

/*
 * readline() is called long before Enter is pressed. If the uretprobe is attached in between, it
 * misses the return. readline_internal_teardown() is called after Enter and returns the same line.
 */
static const struct probe probes[] = {
	URETPROBE("readline_internal_teardown", "on_line", .binary = binary),
	URETPROBE("readline", "on_line", .binary = binary,
		  .instead_of = "readline_internal_teardown"),
	{},
};

static const struct probe_set probe_sets[] = { { probes, NULL, NULL }, {} };

static int find_bash(char *path, size_t size, struct error *error)
{
	static const char *const places[] = { "/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash" };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (access(places[i], R_OK))
			continue;
		snprintf(path, size, "%s", places[i]);
		return 0;
	}
	return error_set(error, ENOENT,
			 "no bash in /bin, /usr/bin or /usr/local/bin: give the "
			 "library that contains readline with --shared PATH");
}

/* readline is in bash itself or in the library that bash is linked with. */
static int find_readline(struct error *error)
{
	struct error not_inside = {};
	char bash[PATH_MAX];
	uint64_t offset;
	int err;

	if (opt.library) {
		snprintf(binary, sizeof(binary), "%s", opt.library);
		return elfsym_offset(binary, "readline", &offset, error);
	}
	err = find_bash(bash, sizeof(bash), error);
	if (err)
		return err;
	if (!opt.shared && !elfsym_offset(bash, "readline", &offset, &not_inside)) {
		snprintf(binary, sizeof(binary), "%s", bash);
		return 0;
	}
	return elfsym_needed(bash, "libreadline.so", binary, sizeof(binary), error);
}

/* The file that is traced, to notice that another has taken its place. */
static struct stat traced;

/* What the monitor finds at the path of that file. */
enum { SAME_FILE, NEW_FILE_IS_TRACED, NEW_FILE_IS_NOT };

#define STILL_BASH "bash" /* the answer's text, if the new file is bash itself too */

static void answer_replaced(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct error error = {};
	struct stat now;
	uint64_t offset;

	(void)argument;
	answer->result = SAME_FILE;
	if (stat(binary, &now) || (now.st_dev == traced.st_dev && now.st_ino == traced.st_ino))
		return;
	traced = now;
	if (!elfsym_offset(binary, FUNCTION_OF_BASH, &offset, &error))
		strcpy(answer->text, STILL_BASH);
	error_clear(&error);
	answer->result = session_attach_more(context, probe_sets, &error) ? NEW_FILE_IS_NOT :
									    NEW_FILE_IS_TRACED;
	error_clear(&error);
}

static const struct monitor_question question_replaced = { .answer = answer_replaced };

static void check_replaced(struct session *session)
{
	struct monitor_answer answer;

	monitor_ask(&question_replaced, session, 0, &answer);
	if (answer.result != NEW_FILE_IS_TRACED && answer.result != NEW_FILE_IS_NOT)
		return;
	is_bash = is_bash && !strcmp(answer.text, STILL_BASH);
	if (answer.result == NEW_FILE_IS_TRACED)
		session_message(session, "%s was replaced: both files are traced", binary);
	else
		session_message(session,
				"%s was replaced: shells that run the new file are seen only after "
				"the tool is started again",
				binary);
}

static void offer_questions(struct session *session)
{
	monitor_offer(&question_replaced, session, 0);
	/* The executable of a process is for those who may trace it. */
	if (is_bash)
		return;
	monitor_offer(&question_program, NULL,
		      CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH));
	monitor_offer(&question_verdict, NULL, 0);
}

static void handle_change(struct session *session, int fd)
{
	char buffer[4096];

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	check_replaced(session);
}

/* Packages put a new file in the place of the old one, which running shells keep. */
static int attached(struct session *session, struct error *error)
{
	char *path = realpath(binary, NULL);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	(void)error;
	if (path && fd >= 0 &&
	    inotify_add_watch(fd, dirname(path), IN_MOVED_TO | IN_CLOSE_WRITE) >= 0)
		session_watch_fd(session, fd, handle_change);
	free(path);
	offer_questions(session);
	check_replaced(session);
	return 0;
}

static const struct feature_test feature_tests[] = { TEST_LOGINUID, {} };

static int prepare(struct session *session, struct error *error)
{
	struct error not_bash = {};
	uint64_t offset;
	int err;

	session_expect_more(session);
	session_set_parameter(session, PARAM_WITH_LOGIN, session_needs_fields(session));
	err = find_readline(error);
	if (err)
		return err;
	if (stat(binary, &traced))
		return error_set(error, errno, "can't open %s: %s", binary, strerror(errno));
	is_bash = !elfsym_offset(binary, FUNCTION_OF_BASH, &offset, &not_bash);
	return 0;
}

static void bound(void *data, size_t size)
{
	struct bashreadline_event *event = data;

	event->line_size = event_bound(size, offsetof(struct bashreadline_event, line),
				       sizeof(event->line), event->line_size);
}

static const struct tool bashreadline = {
	.name = "bashreadline",
	.summary = "Trace the commands entered in bash, system-wide.",
	.source = &bashreadline_source,
	.who = &who_did_it,
	.examples = "  bashreadline           commands entered in any bash\n"
		    "  bashreadline -s        if bash is linked with a shared libreadline\n"
		    "  bashreadline --json    with the user, one JSON object a line\n",
	.options = options,
	.take_argument = take_argument,
	.feature_tests = feature_tests,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.attached = attached,
	.row = row,
	.fields = fields,
	.wanted = wanted,
	.event_size = offsetof(struct bashreadline_event, line),
	.bound = bound,
};

int main(int argc, char **argv)
{
	return tool_main(&bashreadline, argc, argv);
}
