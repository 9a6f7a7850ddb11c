// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "compile/c_reader.h"
#include "kernel/bpf.h"
#include "tool/check.h"
#include "tool/custom.h"
#include "tool/trial.h"

struct check {
	struct session *session;
	const struct image *image;
	const struct probe_set *sets; /* all that suit the kernel's types */
	const struct probe_set *set;  /* the one that would be attached; NULL: none */
	unsigned int refused;
};

/* Whether the probe, alone, can be attached here. */
static bool is_attachable(const struct probe *probe)
{
	struct probe alone[] = { *probe, {} };
	const struct probe_set sets[] = { { .probes = alone }, {} };
	struct error error = {};
	int err;

	alone[0].optional = false;
	alone[0].instead_of = NULL;
	err = trial_of_probes(sets, NULL, 0, &error);
	error_clear(&error);
	return err >= 0;
}

/* Whether another probe of the list serves, in whose place alone this one is attached. */
static bool is_spare(const struct probe *probe, const struct probe *list)
{
	for (; probe->instead_of && list->kind != PROBE_END; list++)
		if (!strcmp(list->target, probe->instead_of) && is_attachable(list))
			return true;
	return false;
}

static bool is_used(const struct probe *probe, const struct probe *list)
{
	if (probe->wanted && !*probe->wanted)
		return false;
	return probe->kind == PROBE_TAIL_CALL || (!is_spare(probe, list) && is_attachable(probe));
}

/* Adds what runs the program to the text. The first such probe becomes *first. */
static void add_probes(const struct probe *list, const char *program, bool used,
		       struct buffer *text, const struct probe **first)
{
	const struct probe *probe;

	for (probe = list; probe->kind != PROBE_END; probe++) {
		if (strcmp(probe->program, program) || (used && !is_used(probe, list)))
			continue;
		buffer_printf(text, "%s%s %s", text->size ? ", " : "", probe_kind_name(probe->kind),
			      probe->target);
		*first = *first ? *first : probe;
	}
}

/* Says what the verifier had against the program. */
static void say_refusal(struct check *check, struct error *error)
{
	if (error->detail)
		message_lines(error->detail);
	message(check->session->tool->name, "%s", error->text);
	error_clear(error);
	check->refused++;
}

static void verify(struct check *check, const struct probe *probe)
{
	struct error error = {};
	int fd = probe_load(probe, &check->session->live.loader, &error);

	if (fd < 0)
		say_refusal(check, &error);
	else
		close(fd);
}

/* Loaded as it is attached by the tool's own hand: live_open_events(). */
static const struct probe flush = RAW_TRACEPOINT("", "flush_batch");

/* Any kind of program may go on with these, see fill_tails() in probes.c. */
static bool who_has_tail(const char *program)
{
	return !strcmp(program, "who_send") || !strcmp(program, "who_send_rest") ||
	       !strcmp(program, "who_submit");
}

/* What the program would be attached to, and the first of these probes; NULL: nothing here. */
static const struct probe *find_used(const struct check *check, const char *program,
				     struct buffer *text)
{
	static struct probe tail = RAW_TRACEPOINT("", NULL);
	const struct probe *first = NULL;

	if (!strcmp(program, flush.program) && bpf_has_raw_tracepoints()) {
		buffer_append_string(text, "the tool itself runs it");
		return &flush;
	}
	if (check->session->options->who && who_has_tail(program)) {
		buffer_append_string(text, "tail call by what submits an event");
		tail.program = program;
		tail.kind = bpf_has_raw_tracepoints() ? PROBE_RAW_TRACEPOINT : PROBE_TRACEPOINT;
		return &tail;
	}
	if (check->session->options->who)
		add_probes(check->session->tool->who->probes, program, true, text, &first);
	if (check->set)
		add_probes(check->set->probes, program, true, text, &first);
	add_probes(check->session->named.probes, program, true, text, &first);
	return first;
}

/* The same for what can't be attached here, or is not needed. */
static void find_unused(const struct check *check, const char *program, struct buffer *text)
{
	const struct probe *first = NULL;
	const struct probe_set *set;

	if (!strcmp(program, flush.program))
		add_probes((const struct probe[]){ flush, {} }, program, false, text, &first);
	for (set = check->sets; !first && set->probes; set++)
		add_probes(set->probes, program, false, text, &first);
	if (!first && check->session->options->who)
		add_probes(check->session->tool->who->probes, program, false, text, &first);
	if (!first)
		add_probes(check->session->named.probes, program, false, text, &first);
}

static bool is_tools_own(const struct tool *tool, const struct image_program *program)
{
	return c_has_word(tool->source->text, program->name);
}

static void check_program(struct check *check, const struct image_program *program)
{
	struct buffer text = {};
	const struct probe *used = find_used(check, program->name, &text);
	const char *prefix = "";
	char *probes;

	if (used) {
		verify(check, used);
	} else {
		find_unused(check, program->name, &text);
		prefix = text.size				     ? "not attached here: " :
			 is_tools_own(check->session->tool, program) ? "not for these options" :
								       "nothing attaches it";
	}
	probes = buffer_take_string(&text);
	printf("%-28s %5u instructions  %s%s\n", program->name, program->instruction_count, prefix,
	       probes ? probes : "");
	free(probes);
}

/* Whether the image has all programs that the set can't do without. */
static bool has_programs(const struct image *image, const struct probe *probe)
{
	for (; probe->kind != PROBE_END; probe++)
		if (!probe->optional && !probe->instead_of && (!probe->wanted || *probe->wanted) &&
		    !image_find_program(image, probe->program))
			return false;
	return true;
}

/* The set that would be attached, or NULL with a message. */
static const struct probe_set *choose_set(const struct check *check, struct error *error)
{
	const struct probe_set *set;

	error_set(error, ENOENT, "the source has none of the programs that %s attaches",
		  check->session->tool->name);
	for (set = check->sets; set->probes; set++) {
		const struct probe_set one[] = { *set, {} };

		if (!has_programs(check->image, set->probes))
			continue;
		if (trial_of_probes(one, NULL, 0, error) >= 0) {
			error_clear(error);
			return set;
		}
	}
	return NULL;
}

/* The probes that the source names are all attached, or the tool fails. */
static int try_named(const struct named_probes *named, struct error *error)
{
	const struct probe_set sets[] = { { .probes = named->probes }, {} };
	int err = named->count ? trial_of_probes(sets, NULL, 0, error) : 0;

	return err < 0 ? err : 0;
}

int check_programs(struct session *session, struct image *image, const struct probe_set *sets,
		   struct error *error)
{
	struct check check = { .session = session, .image = image, .sets = sets };
	struct error reason = {};
	bool stands_alone;
	uint32_t i;
	int err;

	err = session_prepare_image(session, image, error);
	if (err)
		return err;
	stands_alone = session->named.count && !probe_sets_are_in(sets, image);
	if (!stands_alone)
		check.set = choose_set(&check, &reason);
	for (i = 0; i < image->program_count; i++)
		check_program(&check, &image->programs[i]);
	if (check.refused)
		err = error_set(error, EACCES, "the kernel refuses %u of %u programs",
				check.refused, image->program_count);
	else if (reason.text[0])
		err = error_set(error, ENOENT, "%s", reason.text);
	else
		err = try_named(&session->named, error);
	error_clear(&reason);
	return output_end_text(session->tool->name, err) == err ? err : -EIO;
}
