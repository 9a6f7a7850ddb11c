// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/message.h"
#include "compile/c_reader.h"
#include "compile/compiler.h"
#include "compile/confinement.h"
#include "compile/libbcc.h"
#include "compile/listing.h"
#include "compile/part.h"
#include "compile/symbol_list.h"
#include "compile/tracepoint_formats.h"
#include "compile/unfold.h"
#include "kernel/btf_file.h"
#include "kernel/private_mount.h"

#define SLOW_AFTER_MS	500
#define PRIVATE_SCRATCH "/sys/fs/bpf" /* exists on every kernel with BPF */
#define SHARED_SCRATCH	"/tmp/snoopkit.XXXXXX"
#define COMPILER_STACK	(8 << 20) /* bytes */

/* The kernel's. Newer clangs take C23 if nothing is said, where a typedef named bool is an error.
 */
#define DIALECT "-std=gnu11"

/*
 * -fms-extensions: linux/fs.h of 7.2 has an unnamed struct member with a tag.
 *
 * -Wno-everything: headers newer than this clang raise warnings by the hundred. Not -w, which also
 * silences warnings that were made errors: an undeclared function must stay an error, because the
 * kernel can't call it.
 */
#define FLAGS "-Wno-everything", "-fms-extensions", "-Werror=implicit-function-declaration", DIALECT

static const char *const flags_for_all[] = { FLAGS, NULL };

/*
 * libbcc runs LLVM's passes itself. clang's own passes double the time and gain nothing for the
 * tools' own programs, which LLVM 11 to 21 make the same or nearly the same of. A user's program
 * keeps them: they make code that the verifier accepts. So does an own one that some LLVM makes
 * worse (usual_flags).
 *
 * -g0 undoes libbcc's -g. A user's program keeps it, because it gives LLVM's messages their lines.
 */
static const char *const flags_for_own[] = { FLAGS, "-Xclang", "-disable-llvm-passes", "-g0",
					     NULL };

#define MAX_FLAGS (sizeof(flags_for_own) / sizeof(*flags_for_own))

/* clang's flags for one compilation. */
struct flags {
	const char *list[MAX_FLAGS + MAX_FEATURE_TESTS + 4 * COMPILE_DEFINES];
	int count;
	char defines[MAX_FEATURE_TESTS][80];
};

/* The child sends this first, then the image up to the end of the file. */
struct reply {
	int err; /* 0 or a negative errno */
	char text[sizeof(((struct error *)0)->text)];
};

const char *const *compiler_flags(const struct compile_request *request)
{
	return request->is_own && !request->usual_flags ? flags_for_own : flags_for_all;
}

/* ---- in the child ---- */

static char *read_messages(int fd)
{
	struct buffer text = {};

	if (lseek(fd, 0, SEEK_SET) || file_read_fd(fd, &text)) {
		buffer_free(&text);
		return NULL;
	}
	return buffer_take_string(&text);
}

/* All feature tests in one compilation. Its messages are removed: they are not for the user. */
static int test_headers(const struct libbcc *bcc, const struct feature_test *feature_tests,
			bool *kernel_has, int messages, struct error *error)
{
	const char *flags[] = { "-fms-extensions", "-ferror-limit=0", DIALECT };
	char *source, *text = NULL;
	void *module;
	int err = 0;

	if (!feature_tests->define)
		return 0;
	source = feature_tests_source(feature_tests);
	if (!source)
		return error_set(error, ENOMEM, "no memory for the feature tests");
	module = libbcc_compile(bcc, source, flags, sizeof(flags) / sizeof(*flags), false);
	if (module)
		libbcc_destroy(bcc, module);
	fflush(stdout);
	fflush(stderr);
	text = read_messages(messages);
	if (!text || feature_tests_read_diagnostics(text, feature_tests, kernel_has))
		err = error_set(error, EINVAL,
				"can't run the feature tests on the kernel's "
				"headers");
	else if (ftruncate(messages, 0) || lseek(messages, 0, SEEK_SET))
		err = error_set(error, EIO, "can't rewind the compiler's messages");
	free(text);
	free(source);
	return err;
}

static void add_flags(struct flags *flags, const struct compile_request *request)
{
	const char *const *flag = compiler_flags(request);

	while (*flag)
		flags->list[flags->count++] = *flag++;
}

static void add_given_defines(struct flags *flags, const char *const *defines)
{
	for (; defines && *defines; defines++) {
		flags->list[flags->count++] = "-D";
		flags->list[flags->count++] = *defines;
	}
}

/* A -D for each test that the kernel passes. Returns the passed tests as bits. */
static uint32_t add_defines(struct flags *flags, const struct feature_test *feature_tests,
			    const bool *kernel_has)
{
	uint32_t bits = 0;
	int i;

	for (i = 0; feature_tests && feature_tests[i].define && i < MAX_FEATURE_TESTS; i++) {
		if (!kernel_has[i])
			continue;
		snprintf(flags->defines[i], sizeof(flags->defines[i]), "-D%s",
			 feature_tests[i].define);
		flags->list[flags->count++] = flags->defines[i];
		bits |= 1U << i;
	}
	return bits;
}

/* From the lines of the text that was compiled to those of the user's file. */
static void translate_lines(struct image *image, const struct source_part *parts)
{
	uint32_t i, k;

	for (i = 0; i < image->program_count; i++) {
		struct image_program *program = &image->programs[i];

		for (k = 0; program->lines && k < program->instruction_count; k++)
			program->lines[k] = source_line(parts, program->lines[k]);
	}
}

static void add_btf_ids(struct image *image, const struct compile_request *request)
{
	struct btf_ids ids = btf_file_find_ids(request->target->btf, request->btf_tracepoint);

	image->tracepoint_btf_id = ids.tracepoint;
	image->cast_btf_id = ids.cast;
	image->files_btf_id = ids.files;
	image->task_btf_id = ids.task;
}

/*
 * Compiles, of a user's source with the numbers of its lines. The listing that tells them is taken
 * out of the messages; the caller frees it.
 */
static void *compile_source(const struct libbcc *bcc, const struct compile_request *request,
			    struct flags *flags, int messages, char **listing)
{
	char *numbered =
		request->is_own ? NULL : c_number_lines(request->source, LIBBCC_SOURCE_NAME);
	char *text, *start;
	void *module;

	module = libbcc_compile(bcc, numbered ? numbered : request->source, flags->list,
				flags->count, !request->is_own);
	free(numbered);
	if (request->is_own || !module)
		return module;
	fflush(stderr);
	text = read_messages(messages);
	start = text ? listing_find(text) : NULL;
	if (start && !ftruncate(messages, start - text) && lseek(messages, 0, SEEK_END) >= 0)
		*listing = strdup(start);
	free(text);
	return module;
}

static int compile_here(const struct compile_request *request, const char *scratch, int messages,
			struct image **image, struct error *error)
{
	bool tested[MAX_FEATURE_TESTS] = {};
	struct flags flags = {};
	char *listing = NULL, **part = NULL;
	struct libbcc bcc = {};
	uint32_t kernel_has;
	void *module;
	int err;

	err = headers_prepare(request->headers, request->target, scratch, request->source, error);
	if (!err && !request->keep_privileges)
		err = confinement_begin(request->is_own, error);
	if (!err)
		err = libbcc_open(&bcc, error);
	if (!err && request->feature_tests && !request->kernel_has)
		err = test_headers(&bcc, request->feature_tests, tested, messages, error);
	if (err)
		return err;
	add_flags(&flags, request);
	kernel_has = add_defines(&flags, request->feature_tests,
				 request->kernel_has ? request->kernel_has : tested);
	add_given_defines(&flags, request->defines);
	if (request->part)
		part = part_defines(request->part, request->source);
	add_given_defines(&flags, (const char *const *)part);
	module = compile_source(&bcc, request, &flags, messages, &listing);
	if (!module)
		return error_set(error, EINVAL, "can't compile %s for kernel %s", request->name,
				 request->target->kernel.release);
	err = libbcc_make_image(&bcc, module, listing, image, error);
	free(listing);
	free(part);
	if (err)
		return err;
	translate_lines(*image, request->parts);
	(*image)->kernel_has = kernel_has;
	(*image)->probe_set = request->part ? request->part->probe_set : 0;
	(*image)->parameters = request->part ? request->part->parameters : IMAGE_ALL_PARAMETERS;
	if (request->btf_tracepoint || request->casts)
		add_btf_ids(*image, request);
	return 0;
}

/*
 * A directory for the headers that are written. It is a tmpfs that only the child sees, mounted
 * over a directory that the child does not need: a full disk does not matter, and nothing remains
 * however the child ends. Without the right to mount it is a directory in /tmp, whose name goes to
 * shared.
 */
static int make_scratch(const struct compile_request *request, char *shared, const char **scratch,
			struct error *error)
{
	bool is_private = !private_mount_begin();

	*scratch = PRIVATE_SCRATCH;
	if (!is_private ||
	    private_mount("tmpfs", PRIVATE_SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")) {
		*scratch = strcpy(shared, SHARED_SCRATCH);
		if (!mkdtemp(shared) || chmod(shared, 0755)) {
			*shared = '\0';
			return error_set(error, errno, "can't make a directory in /tmp: %s",
					 strerror(errno));
		}
	}
	if (is_private) {
		symbol_list_replace(request->target, *scratch);
		tracepoint_formats_show(request->source, request->target->is_running, *scratch);
	}
	return 0;
}

/*
 * libbcc and clang believe many variables of the caller's (ARCH, BCC_LINUX_VERSION_CODE, CPATH),
 * and what they make is kept for everybody. The PATH is for the commands that libbcc may run.
 */
static void replace_environment(void)
{
	clearenv();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

/* The user's limit (ulimit -s) may be too low for LLVM. The stack of a process that runs can grow.
 */
static void raise_stack_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur >= COMPILER_STACK)
		return;
	limit.rlim_cur = COMPILER_STACK;
	if (limit.rlim_max < COMPILER_STACK)
		limit.rlim_max = COMPILER_STACK;
	/* Without the right to it: a compiler that crashes is reported. */
	if (setrlimit(RLIMIT_STACK, &limit))
		return;
}

/* messages becomes stdout and stderr: libbcc and clang print to both. */
static void run_child(const struct compile_request *request, char *shared_scratch, int messages,
		      int fd)
{
	struct image *image = NULL;
	struct error error = {};
	struct buffer bytes = {};
	struct reply reply = {};
	const char *scratch = NULL;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Another user will read the headers. */
	umask(022);
	raise_stack_limit();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	replace_environment();
	if (dup2(messages, STDOUT_FILENO) < 0 || dup2(messages, STDERR_FILENO) < 0)
		reply.err = error_set(&error, errno, "can't capture the compiler's messages");
	else
		reply.err = make_scratch(request, shared_scratch, &scratch, &error);
	if (!reply.err)
		reply.err = compile_here(request, scratch, messages, &image, &error);
	if (!reply.err)
		image_write(image, &bytes);
	fflush(stdout);
	fflush(stderr);
	snprintf(reply.text, sizeof(reply.text), "%s", error.text);
	if (!file_write_fd(fd, &reply, sizeof(reply)))
		file_write_fd(fd, bytes.data, bytes.size);
	/* The parent goes on while this process's memory is freed. */
	close(fd);
	_exit(0);
}

/* ---- in the parent ---- */

/* A child that compiles one source, and what it left when it ended. */
struct compilation {
	struct compile_request request; /* the source is unfolded */
	struct unfolded unfolded;
	char *shared_scratch;
	int messages;	     /* a descriptor */
	int fd;		     /* of the pipe from the child */
	pid_t pid;	     /* of the child; 0: it is not there, or compile_end() waits for it */
	struct buffer bytes; /* the reply and the image */
	int status;	     /* see waitpid(2) */
};

/* The messages with the names and lines of the source's own files. */
static char *translated_messages(const struct compilation *compilation)
{
	const struct compile_request *request = &compilation->request;
	char *captured = read_messages(compilation->messages), *translated = NULL;

	if (captured)
		translated = source_translate(captured, LIBBCC_SOURCE_NAME, request->name,
					      request->parts);
	free(captured);
	return translated;
}

/* Reads to the end of the file; -ECANCELED when cancel_fd becomes readable. */
static int receive(struct compilation *compilation)
{
	const struct compile_request *request = &compilation->request;
	struct pollfd fds[] = { { .fd = compilation->fd, .events = POLLIN },
				{ .fd = request->cancel_fd, .events = POLLIN } };
	int ready = poll(fds, 2, SLOW_AFTER_MS);

	if (!ready && isatty(STDERR_FILENO))
		message(request->command, "compiling for kernel %s",
			request->target->kernel.release);
	while (ready == 0 || (ready < 0 && errno == EINTR))
		ready = poll(fds, 2, -1);
	if (fds[1].revents & POLLIN)
		return -ECANCELED;
	return file_read_fd(compilation->fd, &compilation->bytes);
}

/*
 * The child ended without a whole reply. Where LLVM can't go on, it prints a message and exits: the
 * message is the error's detail then.
 */
static int explain_end(const struct compilation *compilation, const char *messages,
		       struct error *error)
{
	const struct compile_request *request = &compilation->request;
	const char *release = request->target->kernel.release;
	char stack[64] = "";
	struct rlimit limit;

	if (!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur < COMPILER_STACK)
		snprintf(stack, sizeof(stack), ", with a stack of %llu kB (ulimit -s)",
			 (unsigned long long)limit.rlim_cur / 1024);
	if (WIFSIGNALED(compilation->status))
		return error_set(error, EINVAL,
				 "can't compile %s for kernel %s: the compiler was killed by "
				 "signal %d%s",
				 request->name, release, WTERMSIG(compilation->status), stack);
	return error_set(error, EINVAL, "can't compile %s for kernel %s: the compiler gave up%s",
			 request->name, release, messages && *messages ? "" : " without a message");
}

static int read_image(const struct buffer *bytes, struct image **image, struct error *error)
{
	int err = image_read(bytes->data + sizeof(struct reply), bytes->size - sizeof(struct reply),
			     image);

	return err ? error_set(error, -err, "can't read the compiler's image: %s", strerror(-err)) :
		     0;
}

/* Frees the messages, or moves them into the error's detail, if there is an error. */
static int take_outcome(const struct compilation *compilation, char *messages, struct image **image,
			struct error *error)
{
	const struct buffer *bytes = &compilation->bytes;
	struct reply reply = {};
	int err;

	if (bytes->size >= sizeof(reply))
		memcpy(&reply, bytes->data, sizeof(reply));
	if (bytes->size < sizeof(reply) || WIFSIGNALED(compilation->status))
		err = explain_end(compilation, messages, error);
	else if (reply.err)
		err = error_set(error, -reply.err, "%s", reply.text);
	else
		err = read_image(bytes, image, error);
	if (err) {
		error_set_detail(error, messages);
		return err;
	}
	if (compilation->request.verbose && messages)
		message_lines(messages);
	free(messages);
	return 0;
}

/* The children that have sent their images. */
static pid_t ending[2];

static void wait_for(pid_t pid, int *status)
{
	while (pid && waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
}

void compile_end(void)
{
	size_t i;

	for (i = 0; i < sizeof(ending) / sizeof(*ending); i++) {
		wait_for(ending[i], NULL);
		ending[i] = 0;
	}
}

static void end_later(struct compilation *compilation)
{
	ending[ending[0] != 0] = compilation->pid;
	compilation->pid = 0;
}

static bool is_success(const struct buffer *bytes)
{
	struct reply reply;

	if (bytes->size < sizeof(reply))
		return false;
	memcpy(&reply, bytes->data, sizeof(reply));
	return !reply.err;
}

static int unfold_source(struct compilation *compilation, struct error *error)
{
	struct compile_request *request = &compilation->request;
	int err = unfold(request->source, request->is_own ? NULL : request->name,
			 &compilation->unfolded);

	if (err)
		return error_set(error, -err, "no memory for the source");
	if (compilation->unfolded.text) {
		request->source = compilation->unfolded.text;
		request->parts = compilation->unfolded.parts;
	}
	return 0;
}

static int fork_compiler(struct compilation *compilation, struct error *error)
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC))
		return error_set(error, errno, "can't make a pipe: %s", strerror(errno));
	compilation->fd = fds[0];
	compilation->pid = fork();
	if (!compilation->pid)
		run_child(&compilation->request, compilation->shared_scratch, compilation->messages,
			  fds[1]);
	err = errno;
	close(fds[1]);
	if (compilation->pid > 0)
		return 0;
	compilation->pid = 0;
	return error_set(error, err, "can't start the compiler: %s", strerror(err));
}

/* Forks the child. Call end() also after an error. */
static int begin(struct compilation *compilation, const struct compile_request *request,
		 struct error *error)
{
	int err;

	*compilation = (struct compilation){ .request = *request, .fd = -1 };
	/* Shared, so that the parent can remove the directory of a child that was killed. */
	compilation->shared_scratch = mmap(NULL, sizeof(SHARED_SCRATCH), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	compilation->messages = file_in_memory("messages", false);
	if (compilation->messages < 0)
		return error_set(error, errno, "no memory for the compiler's messages");
	if (compilation->shared_scratch == MAP_FAILED)
		return error_set(error, ENOMEM, "no memory for the compiler");
	err = unfold_source(compilation, error);
	return err ? err : fork_compiler(compilation, error);
}

/* Waits for the child's image, or for its end. */
static int finish(struct compilation *compilation, struct image **image, struct error *error)
{
	int err = receive(compilation);

	if (err)
		return error_set(error, -err, "can't wait for the compiler: %s", strerror(-err));
	if (is_success(&compilation->bytes)) {
		end_later(compilation);
	} else {
		wait_for(compilation->pid, &compilation->status);
		compilation->pid = 0;
	}
	return take_outcome(compilation, translated_messages(compilation), image, error);
}

static void end(struct compilation *compilation)
{
	if (compilation->pid) {
		kill(compilation->pid, SIGKILL);
		wait_for(compilation->pid, NULL);
	}
	if (compilation->fd >= 0)
		close(compilation->fd);
	if (compilation->messages >= 0)
		close(compilation->messages);
	buffer_free(&compilation->bytes);
	unfolded_free(&compilation->unfolded);
	if (compilation->shared_scratch == MAP_FAILED)
		return;
	if (*compilation->shared_scratch)
		file_remove_tree(compilation->shared_scratch);
	munmap(compilation->shared_scratch, sizeof(SHARED_SCRATCH));
}

int compile(const struct compile_request *request, struct image **image, struct error *error)
{
	struct compilation compilation;
	int err;

	*image = NULL;
	compile_end();
	err = begin(&compilation, request, error);
	if (!err)
		err = finish(&compilation, image, error);
	end(&compilation);
	return err;
}

int compile_both(const struct compile_request *request, struct image **image,
		 struct image **image_beside, struct error *error)
{
	struct compilation own, beside;
	int err;

	*image = *image_beside = NULL;
	compile_end();
	err = begin(&own, request, error);
	if (!err) {
		err = begin(&beside, request->beside, error);
		if (!err)
			err = finish(&own, image, error);
		if (!err)
			err = finish(&beside, image_beside, error);
		end(&beside);
	}
	end(&own);
	if (err) {
		image_free(*image);
		*image = NULL;
	}
	return err;
}
