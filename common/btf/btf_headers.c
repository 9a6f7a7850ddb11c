// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "btf/base_headers.h"
#include "btf/btf_define.h"
#include "btf/btf_headers.h"
#include "btf/btf_reader.h"
#include "btf/source_scan.h"

/* Writes a file below dir/include. Without content: an empty file, unless it exists already. */
static int write_file(const char *dir, const char *name, size_t name_length, const char *content)
{
	char path[4096];
	FILE *file;
	int err;

	if (snprintf(path, sizeof(path), "%s/include/%.*s", dir, (int)name_length, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	err = file_make_parents(path);
	if (err)
		return err;
	file = fopen(path, content ? "we" : "ae");
	if (!file)
		return -errno;
	if (content)
		fputs(content, file);
	err = ferror(file) ? -EIO : 0;
	return fclose(file) && !err ? -errno : err;
}

static int write_includes(const char *dir, const struct name_table *includes)
{
	/* libbcc's own headers include these */
	static const char *const always[] = { "linux/types.h",	       "linux/bpf_common.h",
					      "linux/log2.h",	       "uapi/linux/if_packet.h",
					      "uapi/linux/if_ether.h", NULL };
	size_t i;
	int err = 0;

	for (i = 0; always[i] && !err; i++)
		err = write_file(dir, always[i], strlen(always[i]), NULL);
	for (i = 0; i < includes->capacity && !err; i++)
		if (includes->slots[i].text)
			err = write_file(dir, includes->slots[i].text, includes->slots[i].length,
					 NULL);
	return err;
}

static int write_text(const char *dir, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int write_text(const char *dir, const char *name, const char *format, ...)
{
	va_list args;
	char *text;
	int err;

	va_start(args, format);
	err = vasprintf(&text, format, args) < 0 ? -ENOMEM : 0;
	va_end(args);
	if (err)
		return err;
	err = write_file(dir, name, strlen(name), text);
	free(text);
	return err;
}

/*
 * libbcc includes, in this order: linux/kconfig.h, its own bpf.h, its own helpers.h (which includes
 * linux/version.h and asm/page.h), the source. The kernel's types may embed types of bpf.h, so they
 * come after it, with asm/page.h.
 */
static int write_directory(const char *dir, const struct name_table *includes, const char *types,
			   unsigned int version_code, unsigned int page_size)
{
	int err;

	err = write_text(dir, "linux/kconfig.h", "#pragma once\n%s%s", base_macros, base_types);
	if (!err)
		err = write_text(dir, "linux/version.h",
				 "#pragma once\n#define LINUX_VERSION_CODE %u\n"
				 "#define KERNEL_VERSION(a, b, c) "
				 "(((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n",
				 version_code);
	if (!err)
		err = write_text(dir, "asm/page.h",
				 "#pragma once\n#define PAGE_SHIFT %d\n#define PAGE_SIZE %uUL\n"
				 "#define PAGE_MASK (~(PAGE_SIZE - 1))\n"
				 "#include <snoopkit/types.h>\n",
				 __builtin_ctz(page_size), page_size);
	if (!err)
		err = write_text(dir, "snoopkit/types.h", "#pragma once\n%s", types);
	/* after an error in the source libbcc compiles once more without its own bpf.h */
	if (!err)
		err = write_text(dir, "uapi/linux/bpf.h",
				 "#include \"/virtual/include/bcc/bpf.h\"\n");
	return err ? err : write_includes(dir, includes);
}

/* Marks the words that the base texts define, so that they are not defined again. */
static int take_base(struct source_names *names)
{
	const char *const texts[] = { base_types, base_macros };
	size_t i, k;
	int err = 0;

	for (i = 0; i < 2 && !err; i++) {
		struct source_names base = {};

		err = source_scan(&base, texts[i]);
		for (k = 0; k < base.words.capacity && !err; k++) {
			const struct name *word = &base.words.slots[k];
			struct name *taken;

			if (!word->text || !(word->value & WORD_OWN))
				continue;
			taken = name_table_add(&names->words, word->text, word->length);
			if (taken)
				taken->value |= WORD_OWN;
			else
				err = -ENOMEM;
		}
		source_names_free(&base);
	}
	return err;
}

static bool want(struct name_table *wanted, const char *name)
{
	return name_table_add(wanted, name, strlen(name));
}

/* The types that are looked for by name. */
static int want_types(struct name_table *wanted, const struct name_table *words)
{
	bool added = want(wanted, "pt_regs");
	size_t i;

	for (i = 0; added && tracepoint_typedefs[i]; i++)
		added = want(wanted, tracepoint_typedefs[i]);
	for (i = 0; added && i < words->capacity; i++)
		if (words->slots[i].text)
			added = name_table_add(wanted, words->slots[i].text,
					       words->slots[i].length);
	return added ? 0 : -ENOMEM;
}

int btf_headers_write(const char *dir, const char *btf_path, const char *source,
		      unsigned int version_code, unsigned int page_size, struct error *error)
{
	struct source_names names = {};
	struct btf_reader reader = {};
	struct name_table wanted = {};
	char *types = NULL;
	int err = source_scan(&names, source);

	if (!err)
		err = take_base(&names);
	if (!err)
		err = want_types(&wanted, &names.words);
	if (err) {
		error_set(error, -err, "words of the source: %s", strerror(-err));
		goto out;
	}
	err = reader_open(&reader, btf_path, &wanted);
	if (err) {
		error_set(error, -err, "%s: %s", btf_path, strerror(-err));
		goto out;
	}
	err = btf_define_types(&reader, &names.words, &types);
	if (err) {
		error_set(error, -err, "kernel types from BTF: %s", strerror(-err));
		goto out;
	}
	err = write_directory(dir, &names.includes, types, version_code, page_size);
	if (err)
		error_set(error, -err, "%s: %s", dir, strerror(-err));
out:
	free(types);
	source_names_free(&names);
	reader_close(&reader);
	name_table_free(&wanted);
	return err;
}
