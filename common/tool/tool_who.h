/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --who: what a tool's session has to do with it. How records are read is common/features/who.c,
 * which a tool names in its struct tool.
 */
#ifndef SNOOPKIT_TOOL_WHO_H
#define SNOOPKIT_TOOL_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "compile/feature_test.h"
#include "compile/source.h"
#include "output/field.h"
#include "output/who_view.h"
#include "trace/probe.h"

#define WHO_DEFINE     "WITH_WHO" /* the macro of a program that sends records */
#define WHO_HASH_FIELD "who.exe_sha256"

struct who_operations {
	const struct program_source *source; /* programs, and the sections that a tool's need */
	const struct feature_test *feature_tests; /* for these; ends with an empty row */
	const struct probe *probes;		  /* attached besides */
	const struct field *fields;		  /* ends with an empty row */

	/*
	 * Begins before privileges are given up and after the probes are attached. entries is the
	 * program's map who_entries; it stays the caller's. NULL without memory.
	 */
	void *(*open)(int entries);
	/* Takes a record, as soon as it is read, and an exec or fork, in the order of time. */
	void (*take_record)(void *who, const void *record, size_t size);
	void (*take_note)(void *who, const void *note, size_t size);
	/*
	 * Whose number that is, until the next call; NULL: the record is missing. With object the
	 * view has that too.
	 */
	const struct who_view *(*find)(void *who, uint64_t number, bool object);
	/* A view of which nothing is known. Its object has all fields as null. */
	const struct who_view *(*nobody)(void *who);
	/*
	 * --hash: starts what reads the files; before privileges are given up. *fd becomes a
	 * descriptor to wait for, which stays who's. Returns 0 or a negative errno with a message.
	 */
	int (*begin_hashes)(void *who, int *fd, struct error *error);
	/* To be called when it is readable. Returns false once there will be no more hashes. */
	bool (*take_hashes)(void *who);
	/* Whether the file's hash of that record is being made. */
	bool (*awaits_hash)(void *who, uint64_t number);
	void (*close)(void *who); /* who may be NULL */
};

/* Of a session. */
struct tool_who {
	const struct who_operations *operations; /* NULL: without --who */
	void *who;
	const struct who_view *view; /* of the last event */
	bool object;		     /* views have an object */
	uint64_t unknown;	     /* events without a record */
};

/*
 * The text of a program with the sections for --who, malloc'ed; whole: it compiles to the programs
 * of the source too. What an edited text has of them stays. NULL without memory, or, then errno is
 * EINVAL, if the program does not send its events as this version does.
 */
char *who_add_sections(const struct who_operations *operations, const char *text, bool whole);

/*
 * The tool's feature tests and those of --who, once each. The array is static: for one tool in a
 * process.
 */
const struct feature_test *who_feature_tests(const struct who_operations *operations,
					     const struct feature_test *own);

/* Takes what is no event of the tool's, an exec or a fork. Returns whether it was one. */
bool who_take_note(struct tool_who *who, const void *event, size_t size);

/* Whether the event's record awaits its file's hash. */
bool who_awaits_hash(const struct tool_who *who, const void *event, size_t size);

/* Takes the number at an event's end, and finds the view. Returns the event's size without that. */
size_t who_take_number(struct tool_who *who, void *event, size_t size);

#endif
