// SPDX-License-Identifier: Apache-2.0
/*
 * slow_file DIRECTORY FILE: a FUSE file system on DIRECTORY with one file, "program", that has the
 * bytes of FILE. After SIGUSR1 it answers up to the next question about the file system
 * (statfs(2)), and then nothing but reads: who asks for anything else waits until it is killed. It
 * has forked and is mounted when its first process ends, which prints the other's PID.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT	1 /* nodes */
#define PROGRAM 2
#define REQUEST (1 << 20) /* bytes of the longest, and of the longest answer */

static volatile sig_atomic_t is_armed;
static const char *bytes;
static size_t size;
static int device;

static void arm(int number)
{
	(void)number;
	is_armed = 1;
}

static int fail(const char *what)
{
	fprintf(stderr, "slow_file: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void reply(const struct fuse_in_header *request, int error, const void *data, size_t length)
{
	static char message[REQUEST];
	struct fuse_out_header head = { .len = (uint32_t)(sizeof(head) + length),
					.error = error,
					.unique = request->unique };

	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), data, length);
	/* An interrupted request is not there any more. */
	if (write(device, message, head.len) < 0 && errno != ENOENT)
		fail("can't answer");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node,
				   .size = node == ROOT ? 0 : size,
				   .mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0755,
				   .nlink = 1,
				   .blksize = 4096 };
}

static void reply_entry(const struct fuse_in_header *request, const char *name)
{
	struct fuse_entry_out entry = { .nodeid = PROGRAM, .attr = attributes(PROGRAM) };

	if (strcmp(name, "program"))
		reply(request, -ENOENT, "", 0);
	else
		reply(request, 0, &entry, sizeof(entry));
}

static void reply_attributes(const struct fuse_in_header *request)
{
	struct fuse_attr_out out = { .attr = attributes(request->nodeid) };

	reply(request, 0, &out, sizeof(out));
}

static void reply_bytes(const struct fuse_in_header *request, const struct fuse_read_in *wanted)
{
	size_t left = wanted->offset < size ? size - wanted->offset : 0;

	reply(request, 0, bytes + wanted->offset, left < wanted->size ? left : wanted->size);
}

static void answer(const struct fuse_in_header *request, const void *argument)
{
	static const struct fuse_init_out init = { .major = 7, .minor = 23, .max_write = 65536 };
	static const struct fuse_open_out opened;
	static const struct fuse_statfs_out about;

	switch (request->opcode) {
	case FUSE_INIT:
		reply(request, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		reply_entry(request, argument);
		break;
	case FUSE_GETATTR:
		reply_attributes(request);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		reply(request, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		reply_bytes(request, argument);
		break;
	case FUSE_STATFS:
		reply(request, 0, &about, sizeof(about));
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_READDIR:
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		reply(request, 0, "", 0);
		break;
	default:
		reply(request, -ENOSYS, "", 0);
	}
}

static void serve(void)
{
	static char message[REQUEST];
	const struct fuse_in_header *request = (void *)message;
	int is_silent = 0;
	ssize_t length;

	for (;;) {
		length = read(device, message, sizeof(message) - 1);
		if (length < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (length < (ssize_t)sizeof(*request))
			return;
		message[length] = '\0';
		if (!is_silent || request->opcode == FUSE_READ)
			answer(request, request + 1);
		is_silent |= is_armed && request->opcode == FUSE_STATFS;
	}
}

static void read_program(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat info;

	if (fd < 0 || fstat(fd, &info))
		fail(path);
	size = (size_t)info.st_size;
	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		fail(path);
}

int main(int argc, char **argv)
{
	char options[128];
	pid_t pid;

	if (argc != 3)
		return 2;
	read_program(argv[2]);
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		fail("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 device);
	if (mount("slow_file", argv[1], "fuse", MS_NOSUID | MS_NODEV, options))
		fail("can't mount FUSE");
	pid = fork();
	if (pid < 0)
		fail("can't fork");
	if (pid) {
		printf("%d\n", pid);
		return 0;
	}
	/* Nobody is to wait for its output. */
	close(STDOUT_FILENO);
	signal(SIGUSR1, arm);
	serve();
	return 0;
}
