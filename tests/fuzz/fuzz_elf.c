// SPDX-License-Identifier: Apache-2.0
/*
 * An executable of anybody's, in which functions and a library are looked for; and the same bytes
 * as functions that another process wrote.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "kernel/elfsym.h"

static void read_written(int fd)
{
	struct elf_functions functions;
	size_t i;

	if (elf_functions_read_written(fd, &functions))
		REQUIRE(!functions.count);
	for (i = 0; i < functions.count; i++)
		REQUIRE(strlen(functions.items[i].name) < SIZE_MAX);
	elf_functions_free(&functions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[32], library[64];
	struct elf_functions functions;
	struct error error = {};
	uint64_t offset;

	REQUIRE(fd >= 0 && !file_write_fd(fd, data, size));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (elfsym_offset(path, "readline", &offset, &error))
		REQUIRE(error.text[0] && !offset);
	if (elfsym_needed(path, "libnone", library, sizeof(library), &error))
		REQUIRE(error.text[0]);
	error_clear(&error);
	if (elf_functions_read(path, &functions, &error))
		REQUIRE(error.text[0] && !functions.count);
	else
		elf_functions_at(&functions, size / 2);
	elf_functions_free(&functions);
	error_clear(&error);
	read_written(fd);
	close(fd);
	return 0;
}
