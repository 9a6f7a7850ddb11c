// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernel/ksym_table.h"

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (text = strchr(text, '\n'); text; text = strchr(text + 1, '\n'))
		count++;
	return count;
}

/*
 * "ADDRESS TYPE NAME[\t[MODULE]]": ends the strings in the line itself. False if it is not a
 * function's.
 */
static bool take_line(char *line, struct ksym *symbol)
{
	char *at, *tab;

	symbol->address = strtoull(line, &at, 16);
	if (at == line || at[0] != ' ' || !at[1] || !strchr("tTwW", at[1]) || at[2] != ' ')
		return false;
	symbol->name = at + 3;
	symbol->module = NULL;
	tab = strchr(at + 3, '\t');
	if (!tab)
		return true;
	*tab++ = '\0';
	if (*tab == '[')
		symbol->module = tab + 1;
	tab[strcspn(tab, "]")] = '\0';
	return true;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = ((const struct ksym *)a)->address;
	uint64_t right = ((const struct ksym *)b)->address;

	return left < right ? -1 : left > right;
}

static void take_lines(struct ksym_table *table)
{
	char *line, *next;

	for (line = table->text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (take_line(line, &table->symbols[table->count]))
			table->count++;
	}
}

int ksym_table_parse(struct ksym_table *table, char *text)
{
	*table = (struct ksym_table){ .text = text };
	table->symbols = calloc(count_lines(text) + 1, sizeof(*table->symbols));
	if (!table->symbols) {
		ksym_table_free(table);
		return -ENOMEM;
	}
	take_lines(table);
	if (table->count)
		qsort(table->symbols, table->count, sizeof(*table->symbols), compare);
	if (table->count && table->symbols[table->count - 1].address)
		return 0;
	ksym_table_free(table);
	return -EPERM;
}

int ksym_table_read(struct ksym_table *table)
{
	size_t size;
	char *text = file_read("/proc/kallsyms", &size);

	*table = (struct ksym_table){};
	return text ? ksym_table_parse(table, text) : -errno;
}

const struct ksym *ksym_table_at(const struct ksym_table *table, uint64_t address)
{
	size_t low = 0, high = table->count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (table->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &table->symbols[low - 1] : NULL;
}

int ksym_table_find(const struct ksym_table *table, const char *name, uint64_t *start,
		    uint64_t *size)
{
	size_t i, next;

	for (i = 0; i < table->count; i++)
		if (!strcmp(table->symbols[i].name, name))
			break;
	if (i == table->count)
		return -ENOENT;
	*start = table->symbols[i].address;
	for (next = i + 1; next < table->count; next++)
		if (table->symbols[next].address > *start)
			break;
	*size = next < table->count ? table->symbols[next].address - *start : 1;
	return 0;
}

void ksym_table_free(struct ksym_table *table)
{
	free(table->text);
	free(table->symbols);
	*table = (struct ksym_table){};
}
