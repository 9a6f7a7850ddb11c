#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Edited programs (--source): what they attach, what they show, and what is said about a mistake.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$SCRATCH" || exit

# said REGEX TOOL ARGS...: the tool fails and its last line is this.
said() {
	local pattern=$1 tool=$2
	shift 2
	! "$TOOLS/$tool" --duration 1 "$@" >"$OUT" 2>"$ERR" </dev/null && tail -n 1 "$ERR" | grep -Eq -- "^$tool: $pattern"
}

err_lacks() { ! err_has "$1"; }

line_of() { grep -n -m 1 -F -- "$2" "$1" | cut -d: -f1; }

marked=/bin/echo

# ---- fields ----

customised_sources "$SCRATCH"
cp execsnoop.fields.c fields.c

start execsnoop --source fields.c -P $$ -n '^echo$'
"$marked" $'x\n\e[2J\\' >/dev/null
check 'fields: columns at the end' out_soon '^echo .* 1 +2 .* 14 +-5 +-56 +1 +- '
check 'fields: a hostile string is escaped' out_has 'x\\012\\033\[2J\\\\ +- +(bash|customising\.sh) *$'
check 'fields: their titles' out_has '^PCOMM .* ARGS +F1 .* NEGATIVE +SMALL +FLAG +BAD HOSTILE +NOWHERE +PARENT'
check 'fields: an event is a line' out_lines 'x' 1
stop
check 'fields: nothing is said' err_is_empty

start_headerless execsnoop --source fields.c -P $$ -n '^echo$' --json
"$marked" $'x\n\e[2J\\' >/dev/null
check 'fields: JSON' out_soon '"f14":14,"negative":-5,"small":-56,"flag":1,"hostile":"x\\n\\u001[bB]\[2J\\\\","parent":"(bash|customising.sh)"\}'
check 'fields: what reads a bad pointer is absent, the event is there' out_lacks '"(bad|nowhere)"'
stop

start execsnoop --source fields.c -P $$ --fields comm,negative,parent,bad --where 'hostile~^x' --where 'f14=14'
/bin/true y
"$marked" $'x\n\e[2J\\' >/dev/null
check 'fields: --fields shows them' out_soon '^echo +-5 +(bash|customising\.sh) +-$'
check 'fields: --where compares them' out_lines '^(true|echo) ' 1
stop
check 'fields: --fields help' one_line_error 2 "no field 'negativ': the nearest is 'negative'" execsnoop \
	--fields negativ --source fields.c
start execsnoop --fields negative --source <(cat fields.c) -P $$
"$marked" >/dev/null
check 'fields: a source that can be read once' out_soon '^-5$'
stop

# What twenty_fields becomes in JSON, with a hostile name of the program.
hostile_comm=$'\e[2J"\\x'
of_twenty='"f1":1,"f2":2,.*"f14":14,"negative":-5,"small":-56,"flag":1,"hostile":"\\u001[bB]\[2J\\"\\\\x"'

# A program that builds its events in the batch, and that a burst of events makes batch.
start_headerless opensnoop --source opensnoop.batch.c --json -p $$
own_comm=$(</proc/$$/comm)
printf %s "$hostile_comm" >/proc/$$/comm
for i in {1..3000}; do : 2>/dev/null <"/nonexistent/$$/$i"; done
check 'fields: batched events have theirs' out_soon "nonexistent/$$/3000.*\"opener\":$$\}"
check 'fields: each of them' out_lines "nonexistent/$$/[0-9]+\".*$of_twenty,\"opener\":$$\}" 3000
printf %s "$own_comm" >/proc/$$/comm
stop
# Before 5.14 the kernel takes a bad read in a kprobe for a call that it missed.
check 'fields: no event is lost' err_lacks ' lost [0-9]'

# The mirrors, whose events are a write or pieces of one: one event that is as long as it may be
# beside its fields, and several.
mkfifo go
"$PROGRAMS/in_pty" pty.out tty bash -c "printf %s '$hostile_comm' >/proc/\$\$/comm; echo \$\$ >pid
	read -r _ <go; echo short-$$; $PROGRAMS/writer writev 2 16100; $PROGRAMS/writer writev 9 16100" </dev/null &
terminal=$!
wait_for 60 test -s pid
start_beside shell shellsnoop --source shellsnoop.fields.c --json "$(<pid)"
start_beside tty ttysnoop --source ttysnoop.fields.c --json "$(cat ./tty)"
wait_for 180 all_are_tracing
echo >go
wait $terminal
for tool in shell tty; do
	ERR=$tool.err
	wait_for 60 grep -q '"size":144900,.*}' $tool.out
	sed -E 's/.*("doubtful":)/\1/' $tool.out >$tool.end
	OUT=$tool.end
	check "fields: ${tool}snoop, a hostile string is escaped" out_lines "\"doubtful\":false,$of_twenty\}\$" 1
	check "fields: ${tool}snoop, each write has them" out_lines '"doubtful":false,"f1":1,.*"flag":1,"hostile":"[^,]*"\}$' 3
done
stop_all
OUT=$SCRATCH/out ERR=$SCRATCH/err

for text in 'FIELD(pid, 1);=execsnoop has a field pid already' \
	'FIELD(a b, 1);=a field is FIELD' 'FIELD(x, 1); FIELD_STR(x, 0);=the field x is a number and a text'; do
	edited execsnoop refused.c 'read_new_args(event);' "	${text%%=*}"
	check "fields: ${text#*=}" one_line_error 1 "refused.c:$(line_of refused.c "${text%%=*}"): ${text#*=}" \
		execsnoop --source refused.c
done
for tool in 'opensnoop fd' "shellsnoop data $$" 'ttysnoop size 0'; do
	read -ra words <<<"$tool"
	tool=${words[0]} field=${words[1]}
	edited "$tool" refused.c '#include "prelude.bpf.h"' "#define MINE FIELD($field, 1)"
	check "fields: $tool has a field $field already" one_line_error 1 \
		"refused.c:$(line_of refused.c MINE): $tool has a field $field already" \
		"$tool" --source refused.c "${words[@]:2}"
done
echo 'FIELD(x, 1)' >refused.c
check 'fields: a tool without events' one_line_error 1 'refused.c:1: eperm has no events' eperm --source refused.c

# ---- functions with BCC's names ----

cat >named.c <<'END'
RAW_TRACEPOINT_PROBE(sched_process_exit)
{
	return 0;
}
TRACEPOINT_PROBE(sched, sched_process_fork)
{
	return args->child_pid == 0;
}
END
check 'named: checked' "$TOOLS/eperm" --source named.c --check
"$TOOLS/eperm" --source named.c --check >"$OUT" 2>"$ERR"
check 'named: a raw tracepoint' out_has '^raw_tracepoint__sched_process_exit .* raw tracepoint sched_process_exit$'
check 'named: a tracepoint' out_has '^tracepoint__sched__sched_process_fork .* tracepoint sched:sched_process_fork$'
"$TOOLS/eperm" --source named.c --duration 0.1 >"$OUT" 2>"$ERR"
check "named: without the tool's own" err_has '^eperm: named.c has none of the tool.s own programs'

start execsnoop --source execsnoop.named.c -P $$ -n '^echo$'
"$marked" "$$ named" >/dev/null
check 'named: attached beside the own programs' out_soon '^echo .* -4000 '
check 'named: the own programs still show events' out_has "^echo .* 0 /bin/echo $$ named"
stop

check 'named: not on this kernel' one_line_error 1 \
	"execsnoop.missing.c:$(line_of execsnoop.missing.c 'PROBE(no_such)'): can't attach to the raw tracepoint no_such: this kernel has no such tracepoint" \
	execsnoop --source execsnoop.missing.c
if has_kprobes; then
	check 'named: a kprobe on a syscall' "$TOOLS/execsnoop" --source execsnoop.kprobe.c --duration 0.1
else
	check 'named: no kprobes' one_line_error 1 \
		"execsnoop.kprobe.c:[0-9]+: can't attach to the kprobe __x64_sys_clone: .* no kprobes" \
		execsnoop --source execsnoop.kprobe.c
fi
"$TOOLS/execsnoop" --source execsnoop.stray.c --duration 0.1 >"$OUT" 2>"$ERR"
check 'named: a function that nothing attaches' err_has \
	"^execsnoop: execsnoop.stray.c:$(line_of execsnoop.stray.c 'int stray'): nothing attaches the function stray:"
check 'named: it is said once' [ "$(grep -c 'function stray' "$ERR")" -eq 1 ]

# ---- mistakes ----

edited execsnoop mistake.c 'read_new_args(event);' '	event->pid = nonsense;'
check 'a syntax error: file, line and reason' said "can't compile mistake.c" execsnoop --source mistake.c
check 'a syntax error: its line' err_has "^mistake.c:$(line_of mistake.c nonsense):[0-9]+: error: .*'nonsense'"

cp execsnoop.refused.c mistake.c
at=$(line_of mistake.c 'event->pid = *(volatile')
check "a verifier error: file, line and the verifier's reason" said \
	"mistake.c:$at: can't load the BPF program on_[a-z_]+: Permission denied: the verifier says: .* invalid mem access" \
	execsnoop --source mistake.c
check "a verifier error: its log with the user's line" err_has \
	"^; mistake.c:$at: event->pid = \*\(volatile u32 \*\)\(u64\)event->uid;"
check '--check: the same' said 'the kernel refuses 1 of [0-9]+ programs' execsnoop --source mistake.c --check
check '--check: the line' err_has "^execsnoop: mistake.c:$at: can't load the BPF program"
check '--check: others are listed' out_has '^flush_batch +[0-9]+ instructions  the tool itself runs it$'

# ---- macros, and what is not edited ----

edited execsnoop macro.c 'read_new_args(event);' '	FIELD(number, NUMBER);'
for number in 41 ${FIRST_START:+-42}; do
	start_headerless execsnoop --source macro.c --define "NUMBER=$number" --json -P $$ -n '^echo$'
	"$marked" $$ >/dev/null
	check "--define $number" out_soon "\"number\":$number\}"
	stop
done
check '--define: not without --source' one_line_error 2 '--define needs --source' execsnoop --define X
check '--define: no name' one_line_error 2 "bad macro 'a b=1'" execsnoop --source macro.c --define 'a b=1'
# A program that is refused would only mean that others see less.
check_all_tools() {
	local tool argument
	for tool in "$REAL_TOOLS"/*; do
		argument=
		case ${tool##*/} in
		modsnoop) [ -e /proc/modules ] || continue ;;
		shellsnoop) argument=$$ ;;
		ttysnoop) argument=/dev/console ;;
		esac
		check "--check: ${tool##*/}" "$tool" --check ${argument:+"$argument"}
	done
}
if is_emulated; then
	check '--check: the own program' "$TOOLS/execsnoop" --check
else
	check_all_tools
fi

# ---- BCC's own programs ----

# Its tools' texts are attached by its scripts, and their events are read by these.
if command -v opensnoop-bpfcc >/dev/null; then
	check 'its scripts print their programs' bcc_sources "$SCRATCH"
	for text in execsnoop.bcc_kprobes opensnoop.bcc_kprobes opensnoop.bcc_kfuncs bashreadline.bcc_kprobes; do
		check "BCC's $text: one line says what is missing" one_line_error 1 \
			"$text.c sends events of its own format, which ${text%.*} can't read" \
			"${text%.*}" --source "$text.c"
	done
else
	skip "BCC's own programs" 'its tools are not here'
fi
finish
