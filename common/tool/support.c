// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "compile/headers.h"
#include "compile/libbcc.h"
#include "kernel/kernel.h"
#include "kernel/private_mount.h"
#include "kernel/privileges.h"
#include "tool/support.h"
#include "trace/probe.h"

#define INSTRUCTIONS(program) (sizeof(program) / sizeof(*(program)))

static const struct bpf_insn does_nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* bpf_probe_read(stack, 8, NULL): its result is not looked at */
static const struct bpf_insn reads_memory[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
	{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* Whether the kernel takes that program: 0 or a negative errno. */
static int try_program(const struct bpf_insn *instructions, size_t count)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "snoopkit_trial", "GPL", instructions,
			       count, NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* ---- what every tool needs ---- */

/* For what has been tried although the capabilities are there: 0, or what it means in a line. */
static int explain(int err, const char *what, const char *configuration, struct error *error)
{
	switch (err) {
	case 0:
		return 0;
	case -ENOSYS:
		return error_set(error, ENOSYS, "this kernel has no %s (%s)", what, configuration);
	case -EPERM:
	case -EACCES:
		return error_set(error, -err,
				 "the kernel refuses %s although the capabilities are there: a "
				 "container or a security policy forbids it; run on the host",
				 what);
	default:
		return error_set(error, -err, "the kernel refuses %s: %s", what, strerror(-err));
	}
}

/* Debian and Ubuntu have levels above 2, at which only CAP_SYS_ADMIN opens perf events. */
static int check_perf_events(struct error *error)
{
	int err = probe_try_perf_event(), level;
	size_t size;
	char *text;

	if (err && !privileges_have(CAP_SYS_ADMIN)) {
		text = file_read("/proc/sys/kernel/perf_event_paranoid", &size);
		level = text ? atoi(text) : 0;
		free(text);
		if (level > 2)
			return error_set(error, EPERM,
					 "run as root: with kernel.perf_event_paranoid %d tracing "
					 "needs CAP_SYS_ADMIN",
					 level);
	}
	return explain(err, "perf events", "CONFIG_PERF_EVENTS", error);
}

/* Kernels before 5.11 count maps as locked memory; each tool's take more than this many bytes. */
#define LEAST_MAP_MEMORY (128 << 10)

/* Whether the kernel makes a map for one value of that many bytes: 0 or a negative errno. */
static int try_map(uint32_t size)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "snoopkit_trial", sizeof(uint32_t), size, 1,
				NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int check_locked_memory(struct error *error)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur >= LEAST_MAP_MEMORY)
		return 0;
	/* Where a map of next to nothing is refused too, it is not for its size. */
	if (try_map(1) || try_map(LEAST_MAP_MEMORY) != -EPERM)
		return 0;
	return error_set(error, EPERM,
			 "this kernel counts BPF's maps as locked memory, of which the limit is "
			 "%llu kB: run with CAP_SYS_RESOURCE, or where ulimit -l is unlimited",
			 (unsigned long long)limit.rlim_cur >> 10);
}

int support_check(struct error *error)
{
	const char *missing = privileges_missing();
	int err;

	if (missing)
		return error_set(error, EPERM, "run as root: tracing needs %s", missing);
	err = try_program(does_nothing, INSTRUCTIONS(does_nothing));
	err = explain(err, "BPF", "CONFIG_BPF_SYSCALL", error);
	if (!err)
		err = check_perf_events(error);
	if (err)
		return err;
	if (try_program(reads_memory, INSTRUCTIONS(reads_memory)))
		return error_set(error, EPERM,
				 "this kernel is locked down and lets no program read its memory: "
				 "boot it without lockdown=confidentiality");
	return check_locked_memory(error);
}

/* ---- what a tool needs ---- */

int support_try_probes(const struct probe_set *sets, struct error *error)
{
	struct kernel kernel;
	struct probes probes;
	struct loader loader;
	int index;

	kernel_identify(&kernel);
	loader_init_trial(&loader, kernel.version_code);
	probes_init(&probes);
	index = probes_attach(&probes, sets, &loader, error);
	probes_detach(&probes);
	return index;
}

/* ---- facts ---- */

static const char *yes_or_no(bool yes)
{
	return yes ? "yes" : "no";
}

static bool has_dynamic_probes(struct probes *probes, bool is_uprobe)
{
	struct error error = {};
	int err = probes_check_dynamic(probes, is_uprobe, &error);

	error_clear(&error);
	return !err;
}

/* Without a program a kernel that knows the command says so; others call the command invalid. */
static bool has_raw_tracepoints(void)
{
	int fd = bpf_raw_tracepoint_open("sys_exit", -1);

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
	err = support_check(&error);
	error_clear(&error);
	return err == -ENOSYS ? "no" : err ? "refused" : "yes";
}

#define SECURITYFS "/sys/kernel/security"

/* "lsm" is in every securityfs, and shows that it is mounted. */
static int open_securityfs(void)
{
	if (access(SECURITYFS "/lsm", F_OK))
		return private_mount_open("securityfs", SECURITYFS);
	return open(SECURITYFS, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The level in force stands in brackets: "none [integrity] confidentiality". */
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

/* What compiling takes. */
static void print_compiler(FILE *file, const struct kernel *kernel)
{
	struct error error = {};
	struct headers headers;
	char library[PATH_MAX];

	fprintf(file, "BTF: %s\n",
		yes_or_no(!headers_find(HEADERS_BTF, true, kernel, &headers, &error)));
	fprintf(file, "headers: %s\n",
		headers_find(HEADERS_KERNEL, false, kernel, &headers, &error) ? "no" :
										headers.path);
	fprintf(file, "libbcc: %s\n",
		libbcc_find(library, sizeof(library), &error) ? "no" : library);
	error_clear(&error);
}

void support_print(FILE *file)
{
	const char *missing = privileges_missing();
	struct error error = {};
	struct kernel kernel;
	struct probes probes;
	int tracefs;

	probes_init(&probes);
	tracefs = probes_tracefs(&probes, &error);
	kernel_identify(&kernel);
	fprintf(file, "kernel: %s %s\n", kernel.release, kernel.machine);
	fprintf(file, "capabilities: %s%s\n", missing ? "missing: " : "all that tracing needs",
		missing ? missing : "");
	fprintf(file, "lockdown: %s\n", name_lockdown());
	fprintf(file, "BPF: %s\n", name_bpf());
	fprintf(file, "kprobes: %s\n", yes_or_no(has_dynamic_probes(&probes, false)));
	fprintf(file, "uprobes: %s\n", yes_or_no(has_dynamic_probes(&probes, true)));
	fprintf(file, "tracepoints: %s\n", tracefs < 0 ? error.text : "yes");
	fprintf(file, "raw tracepoints: %s\n", yes_or_no(has_raw_tracepoints()));
	print_compiler(file, &kernel);
	fprintf(file, "modules: %s\n", yes_or_no(kernel_has_modules()));
	error_clear(&error);
	probes_detach(&probes);
}
