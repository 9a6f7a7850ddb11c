/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether the name of an open is that of the file that was opened. The name was read from the
 * program's memory after the open, and somebody may have changed it meanwhile.
 *
 * This compares the common case only, by direct loads, which cost next to nothing: short names,
 * few directories, no symbolic link, and the file on the same mount as the root or the working
 * directory. "No" means that add_place() is to say which file it is.
 */
#include <linux/dcache.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/path.h>
#include "trusted.bpf.h"

#ifdef HAVE_TASK_REGISTERS
#define CHECKED_LEVELS 8
#define CHECKED_NAME   24 /* bytes of a name; a multiple of 8 */
#define CHECKED_PATH   1024

/* The name's bytes in the dentry itself; d_shortname in newer kernels. */
#ifdef HAVE_SHORTNAME
#define INLINE_NAME d_shortname
#else
#define INLINE_NAME d_iname
#endif

/*
 * The file of a descriptor that the current syscall made, so that it is within the table. Should it
 * be outside all the same, the load gives a value that is no file with that name.
 */
static __always_inline u64 load_file(u64 files, u64 fd)
{
	u64 table = LOAD(struct files_struct, files, fdt);

	return table ? load_pointer(LOAD(struct fdtable, table, fd) + fd * sizeof(struct file *)) :
		       0;
}

/* What is left of a word in memory if only its first size bytes count; size is 1 to 8. */
static __always_inline u64 first_bytes(u64 word, u32 size)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return word << (64 - size * 8);
#else
	return word >> (64 - size * 8);
#endif
}

/*
 * Compares the words at an offset, and returns if that decides. No loop, for the offset has to be a
 * constant, and not each LLVM unrolls a loop before it takes the assembly.
 */
#define COMPARE_WORD(dentry, name, size, at)                                                   \
	do {                                                                                   \
		u64 word = LOAD_AT(dentry, offsetof(struct dentry, INLINE_NAME) + (at), u64) ^ \
			   *(u64 *)((name) + (at));                                            \
		if ((size) <= (at) + 8)                                                        \
			return !first_bytes(word, (size) - (at));                              \
		if (word)                                                                      \
			return false;                                                          \
	} while (0)

/* name needs CHECKED_NAME readable bytes. */
static __always_inline bool is_name_of(u64 dentry, const char *name, u32 size)
{
	COMPARE_WORD(dentry, name, size, 0);
	COMPARE_WORD(dentry, name, size, 8);
	COMPARE_WORD(dentry, name, size, 16);
	_Static_assert(CHECKED_NAME == 24, "a line for each 8 bytes");
	return true;
}

enum outcome {
	GOES_ON,
	DIFFERS,
	AT_ROOT,      /* an absolute name is compared to its start */
	AT_DIRECTORY, /* a relative one */
};

/* The position of a comparison: what is left of the name ends before end. */
struct comparison {
	u64 dentry;
	u64 end;
};

/* Compares the last part of the name and moves to its directory. */
static __always_inline enum outcome compare_part(struct comparison *at, const char *name)
{
	u32 size = LOAD(struct dentry, at->dentry, d_name.len);

	if (!size || size > CHECKED_NAME || size > at->end)
		return DIFFERS;
	at->end -= size;
	if (!is_bounded(&at->end, CHECKED_PATH) || !is_name_of(at->dentry, name + at->end, size))
		return DIFFERS;
	at->dentry = LOAD(struct dentry, at->dentry, d_parent);
	if (!at->end)
		return AT_DIRECTORY;
	at->end--;
	if (!at->dentry || !is_bounded(&at->end, CHECKED_PATH) || name[at->end] != '/')
		return DIFFERS;
	return at->end ? GOES_ON : AT_ROOT;
}

/* A loop would not be unrolled by each LLVM. */
#define COMPARE_NEXT(outcome, at, name) \
	if ((outcome) == GOES_ON)       \
	outcome = compare_part(at, name)

/* Whether a directory is the task's root or working directory, on the file's mount. */
#define IS_DIRECTORY(fs, which, file, directory)                                         \
	((directory) == load_pointer((fs) + offsetof(struct fs_struct, which.dentry)) && \
	 LOAD(struct file, file, f_path.mnt) ==                                          \
		 load_pointer((fs) + offsetof(struct fs_struct, which.mnt)))

#define USR	  0x727375   /* "usr" with its NUL, as a little-endian word */
#define LIB_LINK  0x62696c2f /* "/lib" */
#define BIN_LINK  0x6e69622f /* "/bin" */
#define SBIN_LINK 0x6962732f /* "/sbi" */

/* Today's systems have links to /usr/lib and the like in their root: the directory is that /usr. */
static __always_inline bool is_behind_usr_link(u64 directory, const char *name)
{
	u32 word = LOAD_AT(directory, offsetof(struct dentry, INLINE_NAME), u32);
	u32 start = *(u32 *)name;

	return word == USR && (start == LIB_LINK || start == BIN_LINK || start == SBIN_LINK);
}

/* Whether an absolute name starts from this directory. */
static __always_inline bool is_start(u64 fs, u64 file, u64 directory, const char *name)
{
	if (IS_DIRECTORY(fs, root, file, directory))
		return true;
	return is_behind_usr_link(directory, name) &&
	       IS_DIRECTORY(fs, root, file, LOAD(struct dentry, directory, d_parent));
}

/* Compares the name, part by part from its end, with the file's and its directories' names. */
static __always_inline bool is_name_of_file(const struct opensnoop_event *event, u64 file, u64 fs)
{
	struct comparison at = { .end = event->strings.size - 1,
				 .dentry = LOAD(struct file, file, f_path.dentry) };
	const char *name = event->strings.bytes;
	enum outcome outcome = at.dentry ? compare_part(&at, name) : DIFFERS;

	COMPARE_NEXT(outcome, &at, name);
	COMPARE_NEXT(outcome, &at, name);
	COMPARE_NEXT(outcome, &at, name);
	COMPARE_NEXT(outcome, &at, name);
	COMPARE_NEXT(outcome, &at, name);
	COMPARE_NEXT(outcome, &at, name);
	COMPARE_NEXT(outcome, &at, name);
	if (outcome == AT_ROOT)
		return is_start(fs, file, at.dentry, name);
	return outcome == AT_DIRECTORY && event->directory_fd == OPEN_AT_WORKING_DIRECTORY &&
	       IS_DIRECTORY(fs, pwd, file, at.dentry);
}

static __always_inline bool is_name_confirmed(const struct opensnoop_event *event,
					      struct task_struct *task)
{
	u64 files, fs, file;

	if (!PARAM(PARAM_FILES_TYPE))
		return false;
	files = load_files(task);
	fs = TASK_POINTER(task, fs);
	file = files && fs ? load_file(files, (u32)event->ret) : 0;
	return file && is_name_of_file(event, file, fs);
}
#endif
