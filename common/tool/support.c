// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/headers.h"
#include "compile/libbcc.h"
#include "kernel/bpf.h"
#include "kernel/kernel.h"
#include "kernel/privileges.h"
#include "kernel/private_mount.h"
#include "kernel/target.h"
#include "tool/probe_choice.h"
#include "tool/program.h"
#include "tool/session.h"
#include "tool/support.h"
#include "tool/trial.h"
#include "trace/link.h"
#include "trace/perf_event.h"

/* ---- what the kernel has ---- */

static const char *yes_or_no(bool yes)
{
	return yes ? "yes" : "no";
}

static bool has_dynamic_probes(struct links *links, bool is_uprobe)
{
	struct error error = {};
	int err = perf_event_check_dynamic(links, is_uprobe, &error);

	error_clear(&error);
	return !err;
}

/* Tries it without a program: EBADF or ENOENT shows that the kernel knows the command. */
static bool has_raw_tracepoints(void)
{
	int fd = bpf_open_raw_tracepoint("sys_exit", -1);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == EBADF || errno == ENOENT;
}

static const char *name_bpf(void)
{
	struct error error = {};
	int err;

	if (privileges_missing())
		return "unknown: the capabilities are missing";
	err = trial_of_kernel(&error);
	error_clear(&error);
	return err == -ENOSYS ? "no" : err ? "refused" : "yes";
}

#define SECURITYFS "/sys/kernel/security"

/* The file lsm is in every securityfs: if it exists, securityfs is mounted. */
static int open_securityfs(void)
{
	if (access(SECURITYFS "/lsm", F_OK))
		return private_mount_open("securityfs", SECURITYFS);
	return open(SECURITYFS, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The file has the current level in brackets: "none [integrity] confidentiality". */
static const char *name_lockdown(void)
{
	static const char *const levels[] = { "none", "integrity", "confidentiality" };
	const char *found = "unknown";
	int securityfs = open_securityfs();
	char *text, bracketed[24];
	size_t size, i;

	if (securityfs < 0)
		return "unknown: securityfs is not mounted";
	text = file_read_at(securityfs, "lockdown", &size);
	close(securityfs);
	if (!text)
		return errno == ENOENT ? "none: this kernel has no lockdown" : found;
	for (i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		snprintf(bracketed, sizeof(bracketed), "[%s]", levels[i]);
		if (strstr(text, bracketed))
			found = levels[i];
	}
	free(text);
	return found;
}

/* What the compiler needs. */
static void print_compiler(const struct target *target)
{
	struct error error = {};
	struct headers headers;
	char library[PATH_MAX];

	printf("BTF: %s\n", yes_or_no(!headers_find(HEADERS_BTF, true, target, &headers, &error)));
	printf("headers: %s\n",
	       headers_find(HEADERS_KERNEL, false, target, &headers, &error) ? "no" : headers.path);
	printf("libbcc: %s\n", libbcc_find(library, sizeof(library), &error) ? "no" : library);
	error_clear(&error);
}

static void print_facts(void)
{
	const char *missing = privileges_missing();
	struct error error = {};
	struct target target;
	struct links links;
	int tracefs;

	links_init(&links);
	tracefs = links_tracefs(&links, &error);
	target_running(&target);
	printf("kernel: %s %s\n", target.kernel.release, target.kernel.machine);
	printf("capabilities: %s%s\n", missing ? "missing: " : "all that tracing needs",
	       missing ? missing : "");
	printf("lockdown: %s\n", name_lockdown());
	printf("BPF: %s\n", name_bpf());
	printf("kprobes: %s\n", yes_or_no(has_dynamic_probes(&links, false)));
	printf("uprobes: %s\n", yes_or_no(has_dynamic_probes(&links, true)));
	printf("tracepoints: %s\n", tracefs < 0 ? error.text : "yes");
	printf("raw tracepoints: %s\n", yes_or_no(has_raw_tracepoints()));
	print_compiler(&target);
	printf("modules: %s\n", yes_or_no(kernel_has_modules()));
	error_clear(&error);
	links_close(&links);
}

/* ---- what the tool can do with it ---- */

#define MISSES_SIZE 256

/* Whether the tool starts without a compiler. */
static bool is_kept(const struct tool *tool, const struct options *options)
{
	struct error ignored = {};
	struct program program;
	bool kept = !program_read(&program, tool, options, &ignored) &&
		    program_is_kept(&program, tool, options);

	error_clear(&ignored);
	program_free(&program);
	return kept;
}

static int find_compiler(const struct target *target, const struct options *options,
			 struct error *error)
{
	char library[PATH_MAX];
	struct headers headers;
	int err = headers_find(options->headers, true, target, &headers, error);

	return err ? err : libbcc_find(library, sizeof(library), error);
}

/*
 * Makes the checks of tracing, in the same order, without compiling. Returns 0: *misses is what the
 * probe set that would be used does not see, and the message says why no better set is used. Or
 * returns a negative errno with a message.
 */
static int find_support(struct session *session, char misses[MISSES_SIZE], struct error *error)
{
	const struct options *options = session->options;
	struct probe_set sets[PROBES_MAX_SETS + 1];
	const struct tool *tool = session->tool;
	bool kernel_has[MAX_FEATURE_TESTS];
	static struct target target; /* large too */
	int err;

	err = trial_of_kernel(error);
	if (!err)
		err = trial_of_parameters(session->settings->parameters, error);
	/* Without its required argument prepare() fails, which says nothing of the kernel. */
	if (!err && tool->prepare && (!tool->required || options->has_argument))
		err = tool->prepare(session, error);
	target_running(&target);
	if (!err && !is_kept(tool, options))
		err = find_compiler(&target, options, error);
	if (err)
		return err;
	expect_probe_sets(session->settings->probe_sets, tool->feature_tests, &target, kernel_has,
			  sets);
	err = trial_of_probes(sets, misses, MISSES_SIZE, error);
	return err < 0 ? err : 0;
}

int support_print(const struct tool *tool, const struct options *options, struct settings *settings)
{
	char misses[MISSES_SIZE] = "";
	static struct session session; /* too large for a small stack */
	struct error error = {};
	int err;

	loader_lift_memlock();
	if (options->verbose)
		print_facts();
	err = session_init(&session, tool, options, settings, &error);
	if (!err)
		err = find_support(&session, misses, &error);
	session_close(&session);
	if (err)
		printf("%s: unsupported: %s\n", tool->name, error.text);
	else if (*misses)
		printf("%s: partial: not seen: %s%s%s\n", tool->name, misses,
		       error.text[0] ? "; " : "", error.text);
	else
		printf("%s: full\n", tool->name);
	error_clear(&error);
	return output_end_text(tool->name, err ? 1 : 0);
}
