// SPDX-License-Identifier: Apache-2.0
/*
 * embed SOURCE NAME: writes a C file that defines NAME as a string of the BPF program SOURCE, with
 * the headers that it includes by "name" put in their place (each once; from SOURCE's directory),
 * so that the text stands by itself.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE    1024
#define MAX_HEADERS 32

struct embedding {
	char directory[MAX_LINE];
	char headers[MAX_HEADERS][MAX_LINE];
	int header_count;
};

static void put_string(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n\"\n\t\"", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (*text == '\t')
			fputs("\\t", stdout);
		else
			putchar(*text);
	}
}

static bool is_new(struct embedding *embedding, const char *header)
{
	int i;

	for (i = 0; i < embedding->header_count; i++)
		if (!strcmp(embedding->headers[i], header))
			return false;
	if (embedding->header_count == MAX_HEADERS) {
		fprintf(stderr, "embed: more than %d headers\n", MAX_HEADERS);
		exit(1);
	}
	snprintf(embedding->headers[embedding->header_count++], MAX_LINE, "%s", header);
	return true;
}

static void put_file(struct embedding *embedding, const char *name)
{
	char path[2 * MAX_LINE], line[MAX_LINE], header[MAX_LINE];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", embedding->directory, name);
	file = fopen(path, "r");
	if (!file) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "#include \"%1023[^\"]\"", header) != 1)
			put_string(line);
		else if (is_new(embedding, header))
			put_file(embedding, header);
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	static struct embedding embedding;
	char *slash;

	if (argc != 3 || !strchr(argv[1], '/')) {
		fprintf(stderr, "usage: embed DIRECTORY/SOURCE NAME\n");
		return 2;
	}
	snprintf(embedding.directory, sizeof(embedding.directory), "%s", argv[1]);
	slash = strrchr(embedding.directory, '/');
	*slash = '\0';
	printf("extern const char %s[];\nconst char %s[] =\n\t\"", argv[2], argv[2]);
	put_file(&embedding, slash + 1);
	fputs("\";\n", stdout);
	return 0;
}
