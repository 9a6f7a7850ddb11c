#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/new-tool: the build has made and built a tool with it; that tool passes its own test.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
made=$SNOOPKIT_BUILD/new_tool
new_tool=$here/../../scripts/new-tool

# says STATUS REGEX ARGS...
says() {
	local status=$1 pattern=$2 result
	shift 2
	"$new_tool" "$@" >"$OUT" 2>"$ERR"
	result=$?
	[ $result -eq "$status" ] && [ "$(wc -l <"$ERR")" -eq 1 ] && err_has "^new-tool: $pattern"
}

check 'a bad name' says 2 "bad name 'My-tool'" My-tool "$SCRATCH"
check 'no name' says 2 'usage'
check 'new files' "$new_tool" probesnoop "$SCRATCH/tree"
check 'four of them' [ "$(find "$SCRATCH/tree" -type f | wc -l)" -eq 4 ]
check 'nothing of the skeleton is left in them' bash -c "! grep -ri skelsnoop '$SCRATCH/tree'"
check 'a tool that is there' says 1 'bpfsrc/probesnoop.h is there already' probesnoop "$SCRATCH/tree"
check 'a tool of its own name is there' says 1 'bpfsrc/execsnoop.h is there already' execsnoop

if is_emulated; then
	skip 'the new tool passes its test' 'it would be compiled here'
else
	cp "$here/lib.sh" "$made/tests/tools/lib.sh"
	check 'the new tool passes its test' env SNOOPKIT_BUILD="$made" bash "$made/tests/tools/demosnoop.sh"
fi
finish
