// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "features/recording.h"
#include "kernel/user.h"
#include "output/row.h"

#define FLUSH_AFTER (SECOND / 10)

/* The size and flags where the terminal's are not known. */
#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS	24
#define DEFAULT_FLAGS	(OPOST | ONLCR)

struct written_terminal recording_terminal(int fd)
{
	struct written_terminal terminal = { .output_flags = DEFAULT_FLAGS };
	struct termios modes;
	struct winsize size;

	if (fd >= 0 && !tcgetattr(fd, &modes))
		terminal.output_flags = modes.c_oflag;
	if (fd >= 0 && !ioctl(fd, TIOCGWINSZ, &size)) {
		terminal.columns = size.ws_col;
		terminal.rows = size.ws_row;
	}
	return terminal;
}

/* ---- the file ---- */

static const char *fault_of(const struct stat *info)
{
	if (!S_ISREG(info->st_mode))
		return "it is no regular file";
	if (info->st_uid != geteuid())
		return "it is another user's file";
	if (info->st_nlink != 1)
		return "the file has another name too (a hard link)";
	return NULL;
}

/* name is below the directory, path is for messages. O_NONBLOCK: a FIFO would wait for a reader. */
static int open_own_file(int directory, const char *name, const char *path, struct error *error)
{
	int fd = openat(directory, name,
			O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	const char *fault;
	struct stat info;
	int err;

	if (fd < 0 && errno == ELOOP)
		return error_set(error, ELOOP, "can't write %s: it is a link", path);
	if (fd < 0 && errno == ENXIO)
		return error_set(error, ENXIO, "can't write %s: it is no regular file", path);
	if (fd < 0 || fstat(fd, &info))
		goto failed;
	fault = fault_of(&info);
	if (fault) {
		close(fd);
		return error_set(error, EPERM, "can't write %s: %s", path, fault);
	}
	if (!fchmod(fd, 0600) && !ftruncate(fd, 0))
		return fd;
failed:
	err = error_set(error, errno, "can't write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

/* Opens a directory's entry that is a directory too, not a link to one. Closes the directory. */
static int open_below(int directory, const char *name, size_t size)
{
	char part[NAME_MAX + 1] = "";
	int below;

	memcpy(part, name, size < NAME_MAX ? size : NAME_MAX);
	below = openat(directory, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	close(directory);
	return below;
}

/* The directory that the path's last part is in, if no link leads there; else -1. */
static int open_directory_of(const char *path, const char **last)
{
	int directory = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	for (path += strspn(path, "/"); directory >= 0 && (slash = strchr(path, '/'));
	     path = slash + strspn(slash, "/"))
		directory = open_below(directory, path, (size_t)(slash - path));
	*last = path;
	return directory;
}

/* As root, where the caller of sudo may not write but may have made a link on the way. */
static int open_roots_file(const char *path, struct error *error)
{
	const char *last;
	int directory = open_directory_of(path, &last), fd;

	if (directory < 0)
		return error_set(error, errno, "can't write %s: a link or no directory leads there",
				 path);
	fd = open_own_file(directory, last, path, error);
	close(directory);
	return fd;
}

/*
 * As the user who called sudo, whose file it then is, and who can't make root write where he may
 * not. Where that user may not write it is root's, as any other file of root's.
 */
static int open_file(const char *path, struct error *error)
{
	struct user user;
	int fd = -EACCES;

	if (!user_who_called(&user))
		return open_own_file(AT_FDCWD, path, path, error);
	if (!user_borrow(&user)) {
		fd = open_own_file(AT_FDCWD, path, path, error);
		user_return();
	}
	if (fd != -EACCES)
		return fd;
	error_clear(error);
	return open_roots_file(path, error);
}

static bool has_size(const struct written_terminal *terminal)
{
	return terminal->columns && terminal->rows;
}

int recording_open(struct recording *recording, const char *path,
		   const struct written_terminal *terminal, struct error *error)
{
	int fd = open_file(path, error);

	if (fd < 0)
		return fd;
	recording->file = fdopen(fd, "w");
	if (!recording->file) {
		close(fd);
		return error_set(error, ENOMEM, "can't write %s: %s", path, strerror(ENOMEM));
	}
	recording->path = path;
	recording->terminal = *terminal;
	if (!has_size(terminal)) {
		recording->terminal.columns = DEFAULT_COLUMNS;
		recording->terminal.rows = DEFAULT_ROWS;
	}
	fprintf(recording->file,
		"{\"version\": 2, \"width\": %u, \"height\": %u, \"timestamp\": %lld}\n",
		recording->terminal.columns, recording->terminal.rows, (long long)time(NULL));
	return 0;
}

void recording_begin(struct recording *recording, uint64_t time)
{
	recording->start = time;
}

/* ---- what is in it ---- */

static double seconds_at(const struct recording *recording, uint64_t time)
{
	return time > recording->start ? (double)(time - recording->start) / 1e9 : 0;
}

static void put_text(struct recording *recording, uint64_t time, const char *text, size_t size)
{
	json_t *hex, *string = row_json_text(text, size, &hex);

	fprintf(recording->file, "[%.6f, \"o\", ", seconds_at(recording, time));
	json_dumpf(string, recording->file, JSON_ENCODE_ANY);
	fputs("]\n", recording->file);
	json_decref(string);
	json_decref(hex);
}

/* How many bytes at the end may be the start of a character that goes on in the next write. */
static size_t torn_size(const char *text, size_t size)
{
	size_t length, i;

	for (i = 1; i <= 3 && i <= size; i++) {
		unsigned char byte = (unsigned char)text[size - i];

		if ((byte & 0xc0) == 0x80)
			continue;
		length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
		return byte >= 0xc2 && byte <= 0xf4 && length > i ? i : 0;
	}
	return 0;
}

static void put_whole_characters(struct recording *recording, uint64_t time, const char *text,
				 size_t size)
{
	struct buffer *torn = &recording->torn;
	size_t rest, whole;

	if (torn->size) {
		buffer_append(torn, text, size);
		text = torn->data;
		size = torn->size;
	}
	rest = torn_size(text, size);
	whole = size - rest;
	if (whole)
		put_text(recording, time, text, whole);
	if (torn->size) {
		memmove(torn->data, torn->data + whole, rest);
		torn->size = rest;
	} else {
		buffer_append(torn, text + whole, rest);
	}
}

/* As the line discipline does it: do_output_char() in drivers/tty/n_tty.c. */
static void append_processed(struct buffer *out, uint32_t flags, char byte)
{
	if (byte == '\n' && (flags & ONLCR))
		buffer_append(out, "\r\n", 2);
	else if (byte == '\r' && (flags & OCRNL))
		buffer_append(out, "\n", 1);
	else if ((flags & OLCUC) && islower((unsigned char)byte))
		buffer_append(out, &(char){ (char)toupper((unsigned char)byte) }, 1);
	else
		buffer_append(out, &byte, 1);
}

static void take_terminal(struct recording *recording, uint64_t time,
			  const struct written_terminal *terminal)
{
	struct written_terminal *before = &recording->terminal;

	if (!(terminal->output_flags & WRITTEN_TERMINAL_KNOWN))
		return;
	before->output_flags = terminal->output_flags;
	if (!has_size(terminal) ||
	    (terminal->columns == before->columns && terminal->rows == before->rows))
		return;
	before->columns = terminal->columns;
	before->rows = terminal->rows;
	fprintf(recording->file, "[%.6f, \"r\", \"%ux%u\"]\n", seconds_at(recording, time),
		before->columns, before->rows);
}

static bool end_if_failed(struct recording *recording)
{
	if (!ferror(recording->file))
		return true;
	fclose(recording->file);
	recording->file = NULL;
	return false;
}

bool recording_add(struct recording *recording, uint64_t time,
		   const struct written_terminal *terminal, const char *text, size_t size)
{
	size_t i;

	take_terminal(recording, time, terminal);
	if (recording->terminal.output_flags & OPOST) {
		buffer_reset(&recording->text);
		for (i = 0; i < size; i++)
			append_processed(&recording->text, recording->terminal.output_flags,
					 text[i]);
		text = recording->text.data;
		size = recording->text.size;
	}
	put_whole_characters(recording, time, text, size);
	if (time - recording->flushed > FLUSH_AFTER) {
		fflush(recording->file);
		recording->flushed = time;
	}
	return end_if_failed(recording);
}

bool recording_close(struct recording *recording, uint64_t time)
{
	bool good = true;

	if (recording->file && recording->torn.size)
		put_text(recording, time, recording->torn.data, recording->torn.size);
	if (recording->file) {
		fflush(recording->file);
		good = end_if_failed(recording);
	}
	if (recording->file)
		fclose(recording->file);
	recording->file = NULL;
	buffer_free(&recording->text);
	buffer_free(&recording->torn);
	return good;
}
