// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/bpf.h"
#include "kernel/pid_namespace.h"
#include "process_number.h"
#include "tool/process_numbers.h"
#include "tool/program.h"

#define TRIES 10 /* a program is not run while another one is at work on that CPU */

extern const struct program_source process_number_source;

void process_numbers_init(struct process_numbers *numbers)
{
	*numbers = (struct process_numbers){ .program = -1, .event = -1, .file = -1 };
}

static int get_image(const struct options *options, int cancel_fd, struct image **image,
		     struct error *error)
{
	static const struct tool none = { .name = "process_number",
					  .source = &process_number_source };
	const struct program program = { .name = none.name, .text = none.source->text };

	return program_image(&program, &none, options, NULL, cancel_fd, image, error);
}

int process_numbers_keep(const struct options *options, int cancel_fd, struct error *error)
{
	struct image *image = NULL;
	int err = get_image(options, cancel_fd, &image, error);

	image_free(image);
	return err;
}

static int load(struct process_numbers *numbers, const struct options *options, int cancel_fd,
		struct error *error)
{
	static const uint64_t parameters[IMAGE_PARAMETERS];
	int err = get_image(options, cancel_fd, &numbers->image, error);

	if (err)
		return err;
	loader_init(&numbers->loader, numbers->image, parameters);
	err = loader_create_maps(&numbers->loader, error);
	if (err)
		return err;
	numbers->map = loader_map(&numbers->loader, "question");
	numbers->program =
		loader_load(&numbers->loader, "on_page_fault", BPF_PROG_TYPE_PERF_EVENT, error);
	return numbers->program < 0 ? numbers->program : 0;
}

/* The program runs in this thread, at each of its page faults. */
static int attach(struct process_numbers *numbers, struct error *error)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
	};

	numbers->file = eventfd(0, EFD_CLOEXEC);
	numbers->event =
		(int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (numbers->file < 0 || numbers->event < 0 ||
	    ioctl(numbers->event, PERF_EVENT_IOC_SET_BPF, numbers->program) ||
	    ioctl(numbers->event, PERF_EVENT_IOC_ENABLE, 0))
		return error_set(error, errno, "can't attach to page faults: %s", strerror(errno));
	return 0;
}

static void make_page_fault(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	*(volatile char *)page = 1;
	munmap(page, size);
}

/* Returns 0 where there is no answer. */
static uint32_t ask(const struct process_numbers *numbers)
{
	struct process_question question = { .fd = (uint32_t)numbers->file };
	uint32_t zero = 0;
	int i;

	if (bpf_update(numbers->map, &zero, &question, BPF_ANY))
		return 0;
	for (i = 0; i < TRIES && !question.number; i++) {
		make_page_fault();
		if (bpf_lookup(numbers->map, &zero, &question))
			return 0;
	}
	return question.number;
}

int process_numbers_find(struct process_numbers *numbers, const struct options *options,
			 int cancel_fd, pid_t pid, uint32_t *number, struct error *error)
{
	const struct f_owner_ex owner = { .type = F_OWNER_TID, .pid = pid };
	int err = 0;

	*number = (uint32_t)pid;
	if (pid_namespace_is_initial())
		return 0;
	if (!numbers->image) {
		err = load(numbers, options, cancel_fd, error);
		if (!err)
			err = attach(numbers, error);
	}
	if (err)
		return err;
	if (fcntl(numbers->file, F_SETOWN_EX, &owner))
		return error_set(error, errno, "no process %d in this PID namespace", pid);
	*number = ask(numbers);
	if (!*number)
		return error_set(error, ENOTSUP,
				 "can't find the kernel's number of process %d: run it in the "
				 "initial PID namespace",
				 pid);
	return 0;
}

void process_numbers_close(struct process_numbers *numbers)
{
	if (numbers->event >= 0)
		close(numbers->event);
	if (numbers->program >= 0)
		close(numbers->program);
	if (numbers->file >= 0)
		close(numbers->file);
	if (numbers->image)
		loader_close(&numbers->loader);
	image_free(numbers->image);
	process_numbers_init(numbers);
}
