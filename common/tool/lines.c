// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "output/who_view.h"
#include "tool/lines.h"

void lines_print_header(const struct options *options, const struct tool *tool,
			struct output *output)
{
	struct row row;
	void *nothing;

	if (options->columns.count && !options->json)
		columns_print_header(&options->columns, output);
	if (options->columns.count || options->json || tool->line || !tool->row)
		return;
	/* A row of counts may be longer than an event. A NUL follows, as with every event. */
	nothing = calloc(1, EVENT_MOST + 1);
	if (nothing) {
		row_begin(&row, output, ROW_HEADER, output->start_time);
		tool->row(&row, nothing);
		if (options->who)
			who_view_columns(&row, NULL, options->hash);
		added_fields_row(options->added, &row);
		row_end(&row);
	}
	free(nothing);
}

/* The tool's own form. */
static void print_text(const struct options *options, const struct tool *tool,
		       struct output *output, uint64_t time, const void *event)
{
	struct row row;

	if (tool->line) {
		tool->line(output, time, event);
		/* A mirror prints bytes, not lines. */
		if (tool->print)
			return;
		if (output->who)
			who_view_line(output, output->who, options->hash);
		added_fields_line(options->added, output);
		return;
	}
	row_begin(&row, output, ROW_TEXT, time);
	tool->row(&row, event);
	if (options->who)
		who_view_columns(&row, output->who, options->hash);
	added_fields_row(options->added, &row);
	row_end(&row);
}

/* The members that --fields chooses, in its order. */
static void choose_members(const struct options *options, struct row *row)
{
	json_t *chosen;

	if (!options->columns.count)
		return;
	chosen = columns_choose(&options->columns, row->object);
	json_decref(row->object);
	row->object = chosen;
}

static void add_fields(struct row *row, const struct options *options, const struct tool *tool,
		       struct output *output, const void *event)
{
	if (tool->row)
		tool->row(row, event);
	who_view_json(row, output->who, options->who_fields);
	added_fields_row(options->added, row);
}

/* All fields of the event, for json_decref() or row_end(). */
static void read_fields(struct row *row, const struct options *options, const struct tool *tool,
			struct output *output, uint64_t time, const void *event)
{
	row_begin(row, output, ROW_JSON, time);
	add_fields(row, options, tool, output, event);
}

/* Whether something is asked of the fields before they are printed. */
static bool looks_at_fields(const struct options *options)
{
	return options->where || options->columns.count || options->who_fields;
}

bool lines_wants(const struct options *options, const struct tool *tool, struct output *output,
		 uint64_t time, const void *event)
{
	struct row row;
	bool wanted;

	if (!options->where)
		return true;
	read_fields(&row, options, tool, output, time, event);
	wanted = where_holds(options->where, row.object);
	json_decref(row.object);
	return wanted;
}

bool lines_print(const struct options *options, const struct tool *tool, struct output *output,
		 uint64_t time, const void *event)
{
	struct row row;
	bool shown;

	if (!options->json && !options->columns.count) {
		shown = lines_wants(options, tool, output, time, event);
		if (shown)
			print_text(options, tool, output, time, event);
		return shown;
	}
	if (!looks_at_fields(options)) {
		row_begin_json(&row, output, time);
		add_fields(&row, options, tool, output, event);
		row_end(&row);
		return true;
	}
	read_fields(&row, options, tool, output, time, event);
	shown = where_holds(options->where, row.object);
	if (shown && options->json) {
		choose_members(options, &row);
		row_end(&row);
		return true;
	}
	if (shown)
		columns_print(&options->columns, output, row.object);
	json_decref(row.object);
	return shown;
}

void lines_print_beside(const struct options *options, const struct tool *tool,
			struct output *output, uint64_t time, const void *event)
{
	const struct who_view nobody = {};
	struct row row;

	row_begin(&row, output, ROW_TEXT, time);
	tool->row(&row, event);
	if (options->who)
		who_view_columns(&row, &nobody, options->hash);
	row_end(&row);
}
