// SPDX-License-Identifier: Apache-2.0
/*
 * embed SOURCE NAME DIRECTORY...: writes a C file that defines NAME as a string of the BPF program
 * SOURCE, with the headers that it includes by "name" put in their place (each once; from the first
 * DIRECTORY that has it), so that the text stands by itself.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINE    1024
#define MAX_HEADERS 32

struct embedding {
	char **directories; /* up to a NULL */
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

static void put_file(struct embedding *embedding, const char *path);

static void put_header(struct embedding *embedding, const char *name)
{
	char path[2 * MAX_LINE] = "";
	char **directory;

	for (directory = embedding->directories; *directory; directory++) {
		snprintf(path, sizeof(path), "%s/%s", *directory, name);
		if (!access(path, R_OK))
			break;
	}
	put_file(embedding, path);
}

static void put_file(struct embedding *embedding, const char *path)
{
	char line[MAX_LINE], header[MAX_LINE];
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "#include \"%1023[^\"]\"", header) != 1)
			put_string(line);
		else if (is_new(embedding, header))
			put_header(embedding, header);
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	static struct embedding embedding;

	if (argc < 4) {
		fprintf(stderr, "usage: embed SOURCE NAME DIRECTORY...\n");
		return 2;
	}
	embedding.directories = argv + 3;
	printf("extern const char %s[];\nconst char %s[] =\n\t\"", argv[2], argv[2]);
	put_file(&embedding, argv[1]);
	fputs("\";\n", stdout);
	return 0;
}
