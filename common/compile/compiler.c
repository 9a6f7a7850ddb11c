// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <link.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/compiler.h"
#include "compile/symbol_list.h"
#include "image/layout.h"
#include "kernel/btf_file.h"

#define LIBRARY		"libbcc.so.0"
#define VIRTUAL_NAME	"/virtual/main.c" /* what libbcc calls a source given as a string */
#define SLOW_AFTER_MS	500
#define PRIVATE_SCRATCH "/sys/fs/bpf" /* there on each kernel with BPF */
#define SHARED_SCRATCH	"/tmp/snoopkit.XXXXXX"

/*
 * Headers of 7.2 need the Microsoft extensions (linux/fs.h has an unnamed tagged struct member),
 * and newer headers than this clang knows raise warnings by the hundred. A function that nobody
 * declared would become a call that no kernel can make: that stays an error, which it would not
 * with -w, for that silences warnings also where they were made errors.
 */
#define FLAGS "-Wno-everything", "-fms-extensions", "-Werror=implicit-function-declaration"

static const char *const flags_for_all[] = { FLAGS, NULL };

/*
 * libbcc optimizes what clang gives it. That clang does so before takes half of the time, and makes
 * nothing better of the tools' own programs; but others may need it: it is clang that knows what
 * BPF's verifiers like. The debugging information gives LLVM's complaints their line.
 */
static const char *const flags_for_own[] = { FLAGS, "-Xclang", "-disable-llvm-passes", "-g0",
					     NULL };

/*
 * The LLVM with which the tools' own programs were tried so. It is libbcc's, which an image names:
 * the cache's key need not.
 */
#define TRIED_LLVM "libLLVM-14.so.1"

#define MAX_FLAGS (sizeof(flags_for_own) / sizeof(*flags_for_own))

const char *const *compiler_flags(const struct compile_request *request)
{
	return request->is_own ? flags_for_own : flags_for_all;
}

/* libbcc's C interface, bcc/bcc_common.h, as far as it serves here. */
struct libbcc {
	void *(*create)(const char *text, unsigned int flags, const char **cflags, int cflag_count,
			bool allow_rlimit, const char *device);
	void (*destroy)(void *module);
	unsigned int (*kern_version)(void *module);
	size_t (*num_functions)(void *module);
	const char *(*function_name)(void *module, size_t id);
	void *(*function_start)(void *module, size_t id);
	size_t (*function_size)(void *module, size_t id);
	size_t (*num_tables)(void *module);
	const char *(*table_name)(void *module, size_t id);
	int (*table_fd)(void *module, size_t id);
	int (*table_type)(void *module, size_t id);
	size_t (*table_key_size)(void *module, size_t id);
	size_t (*table_leaf_size)(void *module, size_t id);
	size_t (*table_max_entries)(void *module, size_t id);
	int (*table_flags)(void *module, size_t id);
	char path[PATH_MAX];
};

/* What the child sends first; then the image up to the end. */
struct reply {
	int err; /* 0 or a negative errno */
	char text[sizeof(((struct error *)0)->text)];
};

int compiler_identity(const char *path, char *text, size_t size)
{
	struct stat info;
	size_t length;
	int err;

	err = file_stamp(path, text, size);
	if (err)
		return err;
	if (stat(path, &info))
		return -errno;
	length = strlen(text);
	return (size_t)snprintf(text + length, size - length, " inode %llu",
				(unsigned long long)info.st_ino) < size - length ?
		       0 :
		       -ENAMETOOLONG;
}

bool compiler_is_unchanged(const char *identity)
{
	char path[sizeof(((struct image *)0)->compiler)], now[sizeof(path)];
	char *end;

	snprintf(path, sizeof(path), "%s", identity);
	end = strstr(path, " size ");
	if (!end)
		return false;
	*end = '\0';
	return !compiler_identity(path, now, sizeof(now)) && !strcmp(now, identity);
}

static int open_libbcc(struct libbcc *bcc, struct error *error)
{
	const struct {
		const char *name;
		void *target;
	} symbols[] = {
		{ "bpf_module_create_c_from_string", &bcc->create },
		{ "bpf_module_destroy", &bcc->destroy },
		{ "bpf_module_kern_version", &bcc->kern_version },
		{ "bpf_num_functions", &bcc->num_functions },
		{ "bpf_function_name", &bcc->function_name },
		{ "bpf_function_start_id", &bcc->function_start },
		{ "bpf_function_size_id", &bcc->function_size },
		{ "bpf_num_tables", &bcc->num_tables },
		{ "bpf_table_name", &bcc->table_name },
		{ "bpf_table_fd_id", &bcc->table_fd },
		{ "bpf_table_type_id", &bcc->table_type },
		{ "bpf_table_key_size_id", &bcc->table_key_size },
		{ "bpf_table_leaf_size_id", &bcc->table_leaf_size },
		{ "bpf_table_max_entries_id", &bcc->table_max_entries },
		{ "bpf_table_flags_id", &bcc->table_flags },
	};
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct link_map *map;
	size_t i;

	if (!library)
		return error_set(
			error, ENOENT,
			"can't load %s: install the package libbpfcc (Debian, Ubuntu), bcc "
			"(Fedora, RHEL) or libbcc0 (SUSE)",
			LIBRARY);
	for (i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol)
			return error_set(error, ENOENT, "this %s is too old: it has no %s", LIBRARY,
					 symbols[i].name);
		memcpy(symbols[i].target, &symbol, sizeof(symbol));
	}
	if (dlinfo(library, RTLD_DI_LINKMAP, &map))
		return error_set(error, ENOENT, "can't tell which %s was loaded", LIBRARY);
	snprintf(bcc->path, sizeof(bcc->path), "%s", map->l_name);
	return 0;
}

int compiler_find(char *path, size_t size, struct error *error)
{
	struct libbcc bcc = {};
	int err = open_libbcc(&bcc, error);

	if (!err)
		snprintf(path, size, "%s", bcc.path);
	return err;
}

static int copy_maps(const struct libbcc *bcc, void *module, struct image *image,
		     struct error *error)
{
	uint32_t i;

	image->map_count = (uint32_t)bcc->num_tables(module);
	image->maps = calloc(image->map_count + 1, sizeof(*image->maps));
	if (!image->maps)
		return error_set(error, ENOMEM, "no memory for the program's maps");
	for (i = 0; i < image->map_count; i++) {
		struct image_map *map = &image->maps[i];

		snprintf(map->name, sizeof(map->name), "%s", bcc->table_name(module, i));
		map->type = (uint32_t)bcc->table_type(module, i);
		map->key_size = (uint32_t)bcc->table_key_size(module, i);
		map->value_size = (uint32_t)bcc->table_leaf_size(module, i);
		map->flags = (uint32_t)bcc->table_flags(module, i);
		if (map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			map->max_entries = (uint32_t)bcc->table_max_entries(module, i);
	}
	return 0;
}

static int map_of_fd(const struct libbcc *bcc, void *module, const struct image *image, int fd)
{
	uint32_t i;

	for (i = 0; i < image->map_count; i++)
		if (bcc->table_fd(module, i) == fd)
			return (int)i;
	return -1;
}

static int copy_program(const struct libbcc *bcc, void *module, size_t id,
			const struct image *image, struct image_program *program,
			struct error *error)
{
	size_t size = bcc->function_size(module, id);
	uint32_t i;
	int map;

	snprintf(program->name, sizeof(program->name), "%s", bcc->function_name(module, id));
	program->instructions = malloc(size);
	if (!program->instructions)
		return error_set(error, ENOMEM, "no memory for the program %s", program->name);
	memcpy(program->instructions, bcc->function_start(module, id), size);
	program->instruction_count = (uint32_t)(size / sizeof(struct bpf_insn));
	for (i = 0; i < program->instruction_count; i++) {
		struct bpf_insn *instruction = &program->instructions[i];

		if (!instruction_is_map(instruction))
			continue;
		map = map_of_fd(bcc, module, image, instruction->imm);
		if (map < 0)
			return error_set(error, EINVAL, "libbcc left a map of %s unnamed",
					 program->name);
		instruction->imm = map;
	}
	if (layout_forward(program))
		return error_set(error, ENOMEM, "no memory for the program %s", program->name);
	return 0;
}

static int copy_programs(const struct libbcc *bcc, void *module, struct image *image,
			 struct error *error)
{
	uint32_t i;
	int err = 0;

	image->program_count = (uint32_t)bcc->num_functions(module);
	image->programs = calloc(image->program_count + 1, sizeof(*image->programs));
	if (!image->programs)
		return error_set(error, ENOMEM, "no memory for the programs");
	for (i = 0; !err && i < image->program_count; i++)
		err = copy_program(bcc, module, i, image, &image->programs[i], error);
	return err;
}

static int make_image(const struct libbcc *bcc, void *module, const struct compile_request *request,
		      uint32_t kernel_has, struct buffer *bytes, struct error *error)
{
	struct image image = { .kern_version = bcc->kern_version(module),
			       .kernel_has = kernel_has };
	int err;

	if (request->btf_tracepoint)
		image.tracepoint_btf_id =
			btf_file_find_tracepoint(BTF_PATH, request->btf_tracepoint);
	err = compiler_identity(bcc->path, image.compiler, sizeof(image.compiler));
	if (err)
		return error_set(error, -err, "can't stat %s: %s", bcc->path, strerror(-err));
	err = copy_maps(bcc, module, &image, error);
	if (!err)
		err = copy_programs(bcc, module, &image, error);
	if (!err)
		image_write(&image, bytes);
	return err;
}

static char *captured_text(int fd)
{
	struct buffer text = {};

	if (lseek(fd, 0, SEEK_SET) || file_read_fd(fd, &text)) {
		buffer_free(&text);
		return NULL;
	}
	return buffer_take_string(&text);
}

/* All questions in one compilation. */
static int test_headers(const struct libbcc *bcc, const struct feature_test *feature_tests,
			bool *kernel_has, int messages, struct error *error)
{
	const char *flags[] = { "-fms-extensions", "-ferror-limit=0" };
	char *source, *text = NULL;
	void *module;
	int err = 0;

	if (!feature_tests->define)
		return 0;
	source = feature_tests_source(feature_tests);
	if (!source)
		return error_set(error, ENOMEM, "no memory for the questions to the headers");
	module = bcc->create(source, 0, flags, sizeof(flags) / sizeof(*flags), true, NULL);
	if (module)
		bcc->destroy(module);
	fflush(stdout);
	fflush(stderr);
	text = captured_text(messages);
	if (!text || feature_tests_read_diagnostics(text, feature_tests, kernel_has))
		err = error_set(error, EINVAL, "can't ask the kernel's headers for its types");
	else if (ftruncate(messages, 0) || lseek(messages, 0, SEEK_SET))
		err = error_set(error, EIO, "can't rewind the compiler's messages");
	free(text);
	free(source);
	return err;
}

static int compile_here(const struct compile_request *request, const char *scratch, int messages,
			struct buffer *bytes, struct error *error)
{
	const char *flags[MAX_FLAGS + MAX_FEATURE_TESTS];
	char defines[MAX_FEATURE_TESTS][80];
	const struct feature_test *feature_tests = request->feature_tests;
	bool asked[MAX_FEATURE_TESTS] = {};
	const bool *kernel_has = request->kernel_has ? request->kernel_has : asked;
	const char *const *flag = compiler_flags(request);
	struct libbcc bcc = {};
	int err, flag_count = 0, i;
	uint32_t yes = 0;
	void *module;

	err = headers_prepare(request->headers, request->kernel, scratch, request->source, error);
	if (!err)
		err = open_libbcc(&bcc, error);
	if (!err && feature_tests && !request->kernel_has)
		err = test_headers(&bcc, feature_tests, asked, messages, error);
	if (err)
		return err;
	if (!dlopen(TRIED_LLVM, RTLD_LAZY | RTLD_NOLOAD))
		flag = flags_for_all;
	while (*flag)
		flags[flag_count++] = *flag++;
	for (i = 0; feature_tests && feature_tests[i].define && i < MAX_FEATURE_TESTS; i++) {
		if (!kernel_has[i])
			continue;
		snprintf(defines[i], sizeof(defines[i]), "-D%s", feature_tests[i].define);
		flags[flag_count++] = defines[i];
		yes |= 1U << i;
	}
	module = bcc.create(request->source, 0, flags, flag_count, true, NULL);
	if (!module)
		return error_set(error, EINVAL, "can't compile %s for kernel %s", request->name,
				 request->kernel->release);
	return make_image(&bcc, module, request, yes, bytes, error);
}

/* With the source's own name in place of the one libbcc made up. */
static char *named_messages(const struct compile_request *request, int messages)
{
	char *captured = captured_text(messages);
	const char *text = captured, *found;
	struct buffer named = {};

	if (!captured)
		return NULL;
	while ((found = strstr(text, VIRTUAL_NAME))) {
		buffer_append(&named, text, (size_t)(found - text));
		buffer_append_string(&named, request->name);
		text = found + strlen(VIRTUAL_NAME);
	}
	buffer_append_string(&named, text);
	free(captured);
	return buffer_take_string(&named);
}

/*
 * A directory for the headers that are made up: memory that only the child sees, mounted over
 * something it has no use for. No full disk is in the way then, and nothing is left behind however
 * the child ends. Without the rights to that it is a directory in /tmp, whose name goes to shared.
 */
static int make_scratch(char *shared, const char **scratch, struct error *error)
{
	bool is_private =
		!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);

	*scratch = PRIVATE_SCRATCH;
	if (!is_private ||
	    mount("tmpfs", PRIVATE_SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700")) {
		*scratch = strcpy(shared, SHARED_SCRATCH);
		if (!mkdtemp(shared)) {
			*shared = '\0';
			return error_set(error, errno, "can't make a directory in /tmp: %s",
					 strerror(errno));
		}
	}
	if (is_private)
		symbol_list_replace(*scratch);
	return 0;
}

/* All that stdout and stderr get goes to messages: the child has no other use for them. */
static void run_child(const struct compile_request *request, char *shared_scratch, int messages,
		      int fd)
{
	struct error error = {};
	struct buffer bytes = {};
	struct reply reply = {};
	const char *scratch = NULL;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(messages, STDOUT_FILENO) < 0 || dup2(messages, STDERR_FILENO) < 0)
		reply.err = error_set(&error, errno, "can't capture the compiler's messages");
	else
		reply.err = make_scratch(shared_scratch, &scratch, &error);
	if (!reply.err)
		reply.err = compile_here(request, scratch, messages, &bytes, &error);
	fflush(stdout);
	fflush(stderr);
	snprintf(reply.text, sizeof(reply.text), "%s", error.text);
	if (!file_write_fd(fd, &reply, sizeof(reply)))
		file_write_fd(fd, bytes.data, bytes.size);
	_exit(0);
}

/* Reads to the end of file; -ECANCELED once cancel_fd is readable. */
static int receive(const struct compile_request *request, int fd, struct buffer *bytes)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
				{ .fd = request->cancel_fd, .events = POLLIN } };
	int ready = poll(fds, 2, SLOW_AFTER_MS);

	if (!ready && isatty(STDERR_FILENO))
		fprintf(stderr, "%s: compiling for kernel %s\n", request->tool,
			request->kernel->release);
	while (ready == 0 || (ready < 0 && errno == EINTR))
		ready = poll(fds, 2, -1);
	if (fds[1].revents & POLLIN)
		return -ECANCELED;
	return file_read_fd(fd, bytes);
}

/* messages is malloc'ed, or NULL; it becomes the detail of an error. */
static int take_reply(const struct compile_request *request, const struct buffer *bytes,
		      char *messages, struct image **image, struct error *error)
{
	struct reply reply;
	int err;

	if (bytes->size < sizeof(reply)) {
		/* LLVM ends the process when it can't go on. */
		err = error_set(error, EINVAL, "can't compile %s for kernel %s: the compiler %s",
				request->name, request->kernel->release,
				messages && *messages ? "gave up" : "ended without a word");
		error_set_detail(error, messages);
		return err;
	}
	memcpy(&reply, bytes->data, sizeof(reply));
	if (reply.err) {
		error_set_detail(error, messages);
		return error_set(error, -reply.err, "%s", reply.text);
	}
	if (request->verbose && messages)
		fputs(messages, stderr);
	free(messages);
	err = image_read(bytes->data + sizeof(reply), bytes->size - sizeof(reply), image);
	if (err)
		return error_set(error, -err, "the compiler's image is damaged");
	return 0;
}

/* In a child, whose image or words it returns as bytes. */
static int compile_apart(const struct compile_request *request, char *shared_scratch, int messages,
			 struct buffer *bytes, struct error *error)
{
	int pipe_fds[2], err;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return error_set(error, errno, "can't make a pipe: %s", strerror(errno));
	pid = fork();
	if (!pid)
		run_child(request, shared_scratch, messages, pipe_fds[1]);
	close(pipe_fds[1]);
	if (pid < 0) {
		err = error_set(error, errno, "can't start the compiler: %s", strerror(errno));
	} else {
		err = receive(request, pipe_fds[0], bytes);
		if (err) {
			kill(pid, SIGKILL);
			error_set(error, -err, "the compilation was given up");
		}
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(pipe_fds[0]);
	return err;
}

int compile(const struct compile_request *request, struct image **image, struct error *error)
{
	int messages = memfd_create("messages", MFD_CLOEXEC), err;
	struct buffer bytes = {};
	char *shared_scratch;

	if (messages < 0)
		return error_set(error, errno, "no memory for the compiler's messages");
	/* Shared: how far the child came, the parent is to know also where it was killed. */
	shared_scratch = mmap(NULL, sizeof(SHARED_SCRATCH), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared_scratch == MAP_FAILED) {
		close(messages);
		return error_set(error, ENOMEM, "no memory for the compiler");
	}
	err = compile_apart(request, shared_scratch, messages, &bytes, error);
	if (!err)
		err = take_reply(request, &bytes, named_messages(request, messages), image, error);
	close(messages);
	buffer_free(&bytes);
	if (*shared_scratch)
		file_remove_tree(shared_scratch);
	munmap(shared_scratch, sizeof(SHARED_SCRATCH));
	return err;
}
