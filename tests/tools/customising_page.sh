#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples of docs/customising.md, taken from the page: each edit, then each command.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$SCRATCH" || exit

# run_example NUMBER OPTION...: the page's command, and options that keep other processes' events away.
run_example() {
	local command
	read -ra command <<<"$(page_block sh "$1" | tr -d "'")"
	[ "${command[0]}" = execsnoop ] || return
	shift
	start_headerless "${command[@]}" "$@"
}

contained() { unshare --pid --fork --mount-proc "$@"; }
makes_executable() {
	contained python3 -c 'import ctypes, mmap
memory = mmap.mmap(-1, 8192)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), 8192, 1)
ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), 8192, 5)'
}

cp /bin/true "mode-$$"
chmod 4711 "mode-$$"

check 'the page has three examples' [ "$(grep -c '^```c ' "$page")/$(grep -c '^```sh' "$page")" = 3/3 ]
if ! can_edit_as_page; then
	skip 'the edits' 'struct task_struct has no thread_pid before Linux 4.19'
	finish
	exit
fi
check 'the edits can be made' page_sources "$SCRATCH"
cp execsnoop.page1.c my.c
run_example 1 -l "$$"
"./mode-$$" outside
contained setpriv --reuid 65534 --clear-groups "./mode-$$" other
contained "./mode-$$" inside
check '1: root in a container is seen' out_soon "/mode-$$ inside"
check '1: others are not' out_lacks "^mode-$$ .* (outside|other)"
stop

cp execsnoop.page2.c my.c
run_example 2 --where "args~$$"
contained /bin/echo "$$" >/dev/null
contained "./mode-$$" inside
check '2: the mode is a field' out_soon "^[0-9TZ:.-]+ +0 +2505 .*/mode-$$"
check '2: and can be compared' out_lacks '/bin/echo'
stop

cp execsnoop.page3.c my.c
if "$TOOLS/eperm" --support --verbose | grep -q '^tracepoints: yes'; then
	run_example 3 --json --where comm=python3
	makes_executable
	check '3: memory that becomes executable' out_soon '"call":"mprotect","length":8192\}'
	check '3: once' out_lines '"length":8192\}' 1
	check '3: execs still have their field' out_has '"ret":0.*"filename":"[^"]*python3".*"mode":493'
	stop
	# shellcheck disable=SC2046 # words
	check '--check, as the page shows it' "$TOOLS"/$(page_block sh 3) --check
	"$TOOLS"/execsnoop --source my.c --define EXECUTABLE=4 --check >"$OUT" 2>"$ERR"
	check '--check: what would be attached' out_has \
		'^tracepoint__syscalls__sys_enter_mprotect +[0-9]+ instructions  tracepoint syscalls:sys_enter_mprotect$'
else
	skip '3: memory that becomes executable' 'no tracefs'
fi
finish
