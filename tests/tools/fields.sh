#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The fields of all tools' events: --fields and --where, the JSON schemas, and what is said of them.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$here/../..

check "docs/json.md, docs/schema and the man pages say what --fields help does" \
	"$repo/scripts/fields" --check "$SNOOPKIT_BUILD"

# Mistakes, which are the same for all tools.
check "an unknown field" one_line_error 2 "no field 'pth': the nearest is 'path'" opensnoop --fields pid,pth
check "and one in a condition" one_line_error 2 "no field 'coom': the nearest is 'comm'" execsnoop --where coom=x
check "no condition" one_line_error 2 "bad --where 'pid': not FIELD=VALUE" execsnoop --where pid
check "a bad expression" one_line_error 2 "bad regular expression '\('" execsnoop --where 'comm~('
check "a number that is none" one_line_error 2 "bad --where 'pid=sshd': the field is a number" execsnoop --where pid=sshd
check "--fields and --replay" one_line_error 1 '--fields and --replay exclude each other' shellsnoop --fields data -r $$
"$TOOLS/ttysnoop" --fields help >"$OUT" 2>"$ERR"
check "--fields help needs nothing else" out_has '^doubtful +truth +'

has() { grep -Eaq -- "$2" "$SCRATCH/$1.out"; } # NAME REGEX
lacks() { ! has "$@"; }
has_soon() { wait_for 60 has "$@"; }
header_is() { [ "$(head -n 1 "$SCRATCH/$1.out")" = "$2" ]; } # NAME HEADER

# What the mirrors and bashreadline watch: a shell in a pty that runs what it is told.
mkfifo "$SCRATCH/commands" "$SCRATCH/keys"
exec 7<>"$SCRATCH/commands"
"$PROGRAMS/in_pty" "$SCRATCH/pty" "$SCRATCH/tty" bash -c "echo \$\$ >$SCRATCH/pid
	while read -r line <&7; do eval \"\$line\"; done" </dev/null &
python3 "$here/in_terminal.py" bash --norc <"$SCRATCH/keys" >"$SCRATCH/screen" 2>&1 &
exec 9>"$SCRATCH/keys"
wait_for 60 test -s "$SCRATCH/pid"
wait_for 60 test -s "$SCRATCH/tty"
read -r shell <"$SCRATCH/pid"
read -r tty <"$SCRATCH/tty"

# Names that are to pass for others: "good", a line end behind it, a space, a byte that is not UTF-8.
chmod 755 "$SCRATCH"
for name in good $'good\n' 'good 1' $'goo\xff'; do
	cp "$PROGRAMS/nothing" "$SCRATCH/$name"
done

workload() {
	local name
	for name in good $'good\n' 'good 1' $'goo\xff'; do
		"$SCRATCH/$name" "$name" --mark
		: <"$SCRATCH/$name"
	done
	setpriv --reuid 65534 --clear-groups cat /etc/shadow
	echo "echo hidden-$$" >&9
	echo "echo typed-$$" >&9
	echo 'echo hidden' >&7
	# shellcheck disable=SC2028 # the shell there expands them
	echo 'printf "one %s\n" two; printf "\033[2J\377"' >&7
	echo 'echo the-end' >&7
} 2>"$SCRATCH/workload"

start_beside execsnoop execsnoop --json
start_beside execsnoop_x execsnoop -x --json
start_beside elfsnoop elfsnoop --json
start_beside opensnoop opensnoop -F --json
start_beside eperm eperm -P --json
start_beside bashreadline bashreadline --json
start_beside shellsnoop shellsnoop --json "$shell"
start_beside ttysnoop ttysnoop --json "$tty"
wait_for 180 all_are_tracing
workload
has_soon shellsnoop the-end
has_soon ttysnoop the-end
has_soon bashreadline "echo typed-$$"
has_soon opensnoop 'etc/shadow'
has_soon execsnoop setpriv
stop_all
for name in execsnoop execsnoop_x elfsnoop opensnoop eperm bashreadline shellsnoop ttysnoop; do
	files+=("$SCRATCH/$name.out")
done
check "what all tools print follows their schemas" /usr/bin/python3 "$here/follows_schema.py" "$repo/docs/schema" "${files[@]}"

mark="args~^$SCRATCH/goo.* --mark$"
start_beside all execsnoop --fields comm,ret,args --where "$mark" --where "ppid=$$"
start_beside equal execsnoop --fields comm --where "$mark" --where comm=good
start_beside different execsnoop --fields comm --where "$mark" --where comm!=good
start_beside matches execsnoop --fields comm --where "$mark" --where 'comm~^good$'
start_beside differs execsnoop --fields comm --where "$mark" --where 'comm!~^good$'
start_beside none execsnoop --fields comm --where "$mark" --where 'ret<0'
start_beside both execsnoop --json --fields args,comm --where "$mark" --where 'ret>-1' --where "comm=$(printf 'goo\377')"
start_beside lines execsnoop --where "$mark" --where comm=good --where "ppid=$$" --max-events 1
start_beside elfsnoop elfsnoop --fields interpreter,ret,filename --where "filename~^$SCRATCH/good" --where 'filename!=x'
start_beside opensnoop opensnoop --fields path,uid,err --where "path~^$SCRATCH/good" --where "pid=$$"
start_beside uid opensnoop --fields uid,path --where uid=65534 --where path=/etc/shadow
start_beside eperm eperm -P --fields comm,syscall,error,count --where comm=cat --where 'count>0'
start_beside bashreadline bashreadline --fields uid,command --where 'command!~^echo hidden' --where "command~$$"
start_beside ttysnoop ttysnoop --fields comm,size,data --where 'data!~hidden' "$tty"
start_beside shellsnoop shellsnoop --fields data,fd --where "pid=$shell" "$shell"
start_beside mirror shellsnoop --where 'data!~hidden' "$shell"
wait_for 180 all_are_tracing
workload
for name in shellsnoop ttysnoop mirror; do
	has_soon $name the-end
done
has_soon bashreadline "echo typed-$$"
has_soon uid shadow
has_soon all 'goo\\377'
has_soon opensnoop 'good\\0401'
stop_all

check "columns have the fields' names" header_is all 'COMM             RET     ARGS'
check "a list is the last column" has all "^good             0       $SCRATCH/good good --mark\$"
check "no name looks like two columns" has all "^good\\\\0401 +0 "
check "a line end is escaped" has all '^good\\012 +0 '
check "a byte that is not UTF-8 is escaped" has all '^goo\\377 +0 '
check "= takes only that" [ "$(tail -n +2 "$SCRATCH/equal.out")" = good ]
check "!= takes all else" [ "$(tail -n +2 "$SCRATCH/different.out" | sort | tr '\n' ,)" = 'goo\377,good 1,good\012,' ]
check "~ is not taken in by a line end" [ "$(tail -n +2 "$SCRATCH/matches.out")" = good ]
check "!~ is not taken in either" [ "$(tail -n +2 "$SCRATCH/differs.out" | sort | tr '\n' ,)" = 'goo\377,good 1,good\012,' ]
check "< takes numbers" [ "$(wc -l <"$SCRATCH/none.out")" -eq 1 ]
check "--json has those fields alone, and their bytes" jq -e -s \
	'length == 1 and (.[0] | keys_unsorted) == ["args", "args_hex", "comm", "comm_hex"] and .[0].comm_hex == "676f6fff"' \
	"$SCRATCH/both.out"
check "--where alone leaves the lines as they are" has lines "^good             [0-9]+ +$$ +0 $SCRATCH/good good --mark\$"
check "elfsnoop" has elfsnoop "^$SCRATCH/good\\\\0401 +0 +$SCRATCH/good 1\$"
check "opensnoop" has opensnoop "^$SCRATCH/good\\\\0401 +0 +0\$"
check "a field that has no column otherwise is there" has uid '^65534 +/etc/shadow$'
check "eperm" has eperm '^cat +openat +EACCES +1$'
check "bashreadline" has bashreadline "^0 +echo typed-$$\$"
check "bashreadline hides what is to be hidden" lacks bashreadline hidden
check "ttysnoop: a header" header_is ttysnoop 'COMM             SIZE    DATA'
check "ttysnoop: a line for each write, escaped" has ttysnoop '^bash +8 +one two\\012$'
check "ttysnoop: no byte drives the terminal" has ttysnoop '^bash +5 +\\033\[2J\\377$'
check "ttysnoop hides what is to be hidden" lacks ttysnoop hidden
check "shellsnoop" has shellsnoop '^one\\040two\\012 '
check "a mirror with a condition mirrors the rest" bash -c "tr -d '\r' <'$SCRATCH/mirror.out' | grep -ax 'one two'"
check "without what is to be hidden" lacks mirror hidden
exec 9>&-
echo exit >&7
finish
