// SPDX-License-Identifier: Apache-2.0
/* Runs a fuzz target on the files of the command line. */
#include <stdio.h>

#include "base/buffer.h"
#include "base/file.h"
#include "fuzz.h"

int main(int argc, char **argv)
{
	size_t size;
	char *data;
	int i;

	for (i = 1; i < argc; i++) {
		data = file_read(argv[i], &size);
		if (!data) {
			perror(argv[i]);
			return 1;
		}
		printf("%s\n", argv[i]);
		LLVMFuzzerTestOneInput((const uint8_t *)data, size);
		free(data);
	}
	return 0;
}
