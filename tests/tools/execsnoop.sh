#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

printf '#!/bin/sh\nexit 0\n' >"$SCRATCH/script"
chmod +x "$SCRATCH/script"
ln -s /bin/true "$SCRATCH/$(printf 'esc\033[2Jnl\nx\377y')"

printf '#!%s -x\n' "$SCRATCH/script" >"$SCRATCH/script-of-script"
chmod +x "$SCRATCH/script-of-script"

# The words before a script's own, as far as they are shown.
shell='' interpreters=''
has_raw_tracepoints || shell='/bin/sh ' interpreters="/bin/sh $SCRATCH/script -x "

start execsnoop -x --max-args 100
check "the header" out_has '^PCOMM +PID +PPID +RET ARGS$'
/bin/echo hello "two words" >/dev/null
"$SCRATCH/script" one two
"$SCRATCH/script" "$SCRATCH/script" named
"$SCRATCH/script-of-script" three four
/bin/echo /bin/echo itself >/dev/null
(exec -a echo /bin/echo /bin/echo itself-by-name >/dev/null)
"$PROGRAMS/exec_kinds" memfd
"$PROGRAMS/exec_kinds" execveat
"$PROGRAMS/exec_kinds" args 60
"$PROGRAMS/exec_kinds" missing 2>/dev/null
"$PROGRAMS/exec_kinds" unreadable 2>/dev/null
"$PROGRAMS/exec_kinds" int80 2>/dev/null
[ ! -x "$PROGRAMS/exec_kinds32" ] || "$PROGRAMS/exec_kinds32" missing 2>/dev/null
"$PROGRAMS/exec_kinds" tagged 2>/dev/null
tagged=$?
"$SCRATCH/$(printf 'esc\033[2Jnl\nx\377y')" "$(printf 'forged\nsshd 1 1 0 /x')"
[ ! -x "$PROGRAMS/nothing32" ] || "$PROGRAMS/nothing32" thirty-two
(exec -a weird-name /bin/true dash)
/bin/true the-last
out_soon '/bin/true the-last$'
stop
check "it ends with status 0" [ "$STATUS" -eq 0 ]
check "a program with its arguments" out_has '^echo +[0-9]+ +[0-9]+ +0 /bin/echo hello two words$'
check "the parent" out_has "^echo +[0-9]+ +$$ +0 "
check "a script with its arguments" out_has "^script +[0-9]+ +[0-9]+ +0 $shell$SCRATCH/script one two\$"
check "a script whose argument is its name" out_has " 0 $shell$SCRATCH/script $SCRATCH/script named\$"
check "a script whose interpreter is a script" out_has " 0 $interpreters$SCRATCH/script-of-script three four\$"
check "a program whose argument is its name" out_has ' 0 /bin/echo /bin/echo itself$'
check "the same, called by another name" out_has ' 0 /bin/echo /bin/echo itself-by-name$'
check "a program in memory" out_has ' 0 /dev/fd/[0-9]+ memfd-argument$'
check "execveat" out_has ' 0 .*true execveat-argument$'
check "sixty arguments" out_has 'argument-1 argument-2 .* argument-59 argument-60$'
check "a failed exec and what was tried" out_has ' -2 /nonexistent/program tried-argument$'
check "a failed exec with an argument that can't be read" \
	out_has ' -(2|14) /nonexistent/unreadable readable  after-it \.\.\.$'
[ "$(uname -m)" != x86_64 ] || err_has 'not seen.*int .0x80' ||
	check "a failed exec through the 32-bit entry" out_has ' -2 /nonexistent/int80 int80-argument$'
[ ! -x "$PROGRAMS/exec_kinds32" ] || err_has 'not seen.*32-bit' ||
	check "a failed exec of a 32-bit program" out_has '^exec_kinds32 .* -2 /nonexistent/program tried-argument$'
if [ $tagged -eq 77 ]; then
	skip "arguments with a tag in their addresses" "no such tags here"
else
	check "arguments with a tag in their addresses" out_has ' -2 /nonexistent/tagged tagged-argument$'
fi
check "control bytes are escaped" out_has 'esc\\033\[2Jnl\\012x\\377y forged\\012sshd'
check "no line is forged" out_lacks '^sshd 1 1 0 /x'
check "no escape byte is printed" out_lacks "$(printf '\033')"
if [ -x "$PROGRAMS/nothing32" ]; then
	check "a 32-bit program" out_has '^nothing32 .*thirty-two$'
fi

start execsnoop -T -t -U -C -M --max-args 3
check "all columns" out_has '^TIME +TIME\(s\) +UID +COMM +PID +PCOMM +PPID +CPU RET ARGS$'
/bin/echo a b c d >/dev/null
out_soon '^[0-9:]{8} '
stop
check "times, user, parent's name, CPU and three arguments" \
	out_has '^[0-9:]{8} +[0-9]+\.[0-9]{3} +0 +echo +[0-9]+ +bash +[0-9]+ +[0-9]+ +0 /bin/echo a b \.\.\.$'

start execsnoop -xTU -n sh -l "a-$$.*b"
check "columns are as wide as BCC's" \
	[ "$(head -1 "$OUT")" = 'TIME     UID   PCOMM            PID     PPID    RET ARGS' ]
sh -c ": none-$$"
/bin/true "a-$$-b"
sh -c ": a-$$-b"
out_soon "sh -c : a-$$-b"
stop
check "a command line of BCC's" out_has '^[0-9:]{8} 0     sh               [0-9]+ +[0-9]+ +0 .*sh -c : a-[0-9]+-b$'
check "-n and -l together" [ "$(wc -l <"$OUT")" -eq 2 ]

start execsnoop --max-args 4294967295 -n true
/bin/true $(seq 100)
out_soon ' 98 99 100$'
stop
check "as many arguments as there are" out_has ' 98 99 100$'

start execsnoop -n '^e.*o$' -q
/bin/true
/bin/echo 'quo"te' >/dev/null
out_soon 'quo'
stop
check "-n takes the name's regular expression" out_lacks '^true'
check "-q quotes" out_has '"/bin/echo" "quo\\"te"$'

start execsnoop -l "wanted-\\d+-$$"
/bin/true "wanted-x-$$"
/bin/true "wanted-7-$$"
out_soon 'wanted-7'
stop
check "-l takes the arguments' regular expression" [ "$(wc -l <"$OUT")" -eq 2 ]

start execsnoop -l "a-$$.*b"
/bin/true "a-$$" $'\n' b
/bin/true the-last "a-$$-b"
out_soon 'the-last'
stop
check "-l is not escaped by a line end" out_has " a-$$ .012 b\$"

many=$(printf 'a%.0s' $(seq 15000))
start execsnoop -l '(a+)+$|c$'
/bin/true "${many:0:40}b"
out_soon 'a{40}b$'
SECONDS=0
for _ in 1 2 3 4 5 6 7 8; do /bin/true "${many}b"; done
check "an expression that gives up hides nothing" wait_for 2 out_lines 'a{15000}b$' 8
stop
limit=2
! is_emulated || limit=30
check "nor does it hold the tool up" [ $SECONDS -le $limit ]
check "it is said at once" err_has '^execsnoop: shown in doubt: [0-9]+ events? on which a regular expression gave up$'
check "and how many in all" err_has '^execsnoop: shown in doubt: 9 events '

start execsnoop -l '^/bin/true x{,2}\Z'
/bin/true xxx
/bin/true xx
out_soon 'xx$'
stop
check "-l reads {,n} as Python does" out_lines '^true' 1

start execsnoop -l 'wanted-\d+$'
/bin/true unwanted
/bin/true "$(printf '%017000d' 0)" wanted-8
out_soon '^true'
sleep 0.3
stop
check "-l shows arguments that were cut: they might match" out_lines '^true.* \.\.\.$' 1
check "-l leaves out whole ones that don't match" out_lacks 'unwanted'

# Before 4.17 the kernel does not tell whether a script runs.
any_source "$SCRATCH/any.c"
check "a source that does not tell scripts" grep -q 'EXEC_ANY : EXEC_ANY' "$SCRATCH/any.c"
start execsnoop --source "$SCRATCH/any.c" -n '^echo$'
(exec -a /x /bin/echo evil secret /bin/echo harmless >/dev/null)
out_soon harmless
stop
check "words before the file's own name are no interpreter's for sure" out_has ' /bin/echo evil secret /bin/echo harmless$'

start execsnoop -u nobody
/bin/true by-root
setpriv --reuid nobody --clear-groups /bin/true by-nobody
out_soon 'by-nobody'
stop
check "-u takes a user's name" out_lacks 'by-root'

start execsnoop -P $$
/bin/true child
(/bin/true grandchild; :)
/bin/true the-last
out_soon 'the-last'
stop
check "-P shows a child" out_has '/bin/true child$'
check "-P takes the parent" out_lacks 'grandchild'

start_headerless execsnoop --json --max-events 1 -n echo -P $$
(exec -a mask /bin/echo "$(printf 'a\377b\033')" >/dev/null)
wait_tool
check "--json is JSON with every field" jq -e '.comm == "echo" and .ret == 0 and (.pid|type) == "number"
	and (.args|length) == 2 and .argv0 == "mask" and .filename == "/bin/echo" and .args_hex[1] == "61ff621b" and .args_truncated == false
	and (.time|test("^[0-9-]{10}T[0-9:]{8}[.][0-9]{6}Z$"))' "$OUT"

start_headerless execsnoop -x --json
python3 -c 'import os
for arguments in ["long", "A" * 10000], ["exact", "B" * 100]:
	try: os.execv("/nonexistent/program", arguments)
	except OSError: pass'
out_soon '"exact"'
stop
check "an argument of a failed exec that was cut is said to be" jq -es 'map(select(.filename == "/nonexistent/program"))
	| .[0].args_truncated and (.[0].args[1]|length) > 8000 and (.[1].args_truncated|not) and .[1].args[1] == "B" * 100' "$OUT"

start execsnoop -n ls
(exec -a /a/b /bin/ls /bin/ls >/dev/null)
out_soon '/bin/ls'
stop
check "a program by another path's name is no script" out_has ' /bin/ls /bin/ls$'

start execsnoop --duration 0.5
wait_tool
check "--duration ends it" [ "$STATUS" -eq 0 ]
check "the reader may go away" \
	bash -c "until [ -e '$SCRATCH/gone' ]; do /bin/true; done &
		\"$TOOLS/execsnoop\" --duration 60 | head -2 | wc -l | grep -qx 2 && [ \${PIPESTATUS[0]} -eq 0 ]
		result=\$?; touch '$SCRATCH/gone'; exit \$result"

mkdir -p "$SCRATCH/bpf"
if mount -t bpf none "$SCRATCH/bpf" 2>/dev/null; then
	namespace=$(stat -L -c %i /proc/self/ns/mnt)
	bytes=$(printf '%016x' "$namespace" | sed 's/../& /g' | tac -s ' ' | tr '\n' ' ')
	bpftool map create "$SCRATCH/bpf/set" type hash key 8 value 4 entries 8 name set
	start execsnoop --mntnsmap "$SCRATCH/bpf/set"
	/bin/true before
	# shellcheck disable=SC2086 # a byte an argument
	bpftool map update pinned "$SCRATCH/bpf/set" key hex $bytes value 1 0 0 0
	/bin/true inside
	unshare -m /bin/true outside
	/bin/true the-last
	out_soon 'the-last'
	stop
	check "--mntnsmap takes what is in the map" out_has '/bin/true inside$'
	check "--mntnsmap leaves out what is not" out_lacks '^true .*(before|outside)$'
	mkdir -p "$SCRATCH/cgroup"
	if mount -t cgroup2 none "$SCRATCH/cgroup" && mkdir "$SCRATCH/cgroup/snooped"; then
		bytes=$(printf '%016x' "$(stat -c %i "$SCRATCH/cgroup/snooped")" | sed 's/../& /g' | tac -s ' ' | tr '\n' ' ')
		bpftool map create "$SCRATCH/bpf/cgroups" type hash key 8 value 8 entries 8 name cgroups
		# shellcheck disable=SC2086
		bpftool map update pinned "$SCRATCH/bpf/cgroups" key hex $bytes value 1 0 0 0 0 0 0 0
		start execsnoop --cgroupmap "$SCRATCH/bpf/cgroups"
		/bin/true elsewhere
		bash -c 'echo $$ >"$1"/cgroup.procs; exec /bin/true in-cgroup' x "$SCRATCH/cgroup/snooped"
		out_soon 'in-cgroup'
		stop
		check "--cgroupmap takes only its cgroups" out_lacks 'elsewhere'
		check "--cgroupmap shows them" out_has 'in-cgroup$'
		rmdir "$SCRATCH/cgroup/snooped"
		umount "$SCRATCH/cgroup"
	fi
	umount "$SCRATCH/bpf"
fi

execs=10000
! is_emulated || execs=200
start execsnoop --json
"$PROGRAMS/exec_storm" 8 "$execs" 60
/bin/true the-last
out_soon 'the-last'
stop
jq -r --arg name "storm-$$" 'select(.args[1] == $name) | [.args[2], .args[3], (.args|length), .args[59], .time] | @tsv' \
	"$OUT" >"$SCRATCH/storm"
check "a storm of execs: all are seen" [ "$(wc -l <"$SCRATCH/storm")" -eq "$execs" ]
# shellcheck disable=SC2016 # awk's
check "a storm of execs: no argument is missing" awk -F'\t' \
	'$3 != 60 || $4 != "a59-" $1 "-" $2 { exit 1 }' "$SCRATCH/storm"
# shellcheck disable=SC2016 # awk's
check "a storm of execs: each parent's come in order" awk -F'\t' \
	'($1 in last) && $2 != last[$1] + 1 { exit 1 } { last[$1] = $2 }' "$SCRATCH/storm"
check "a storm of execs: the times never go back" bash -c "cut -f5 '$SCRATCH/storm' | sort -c"
check "a storm of execs: nothing is lost" err_is_empty

# --exits: how a process ended, with the exec that it belongs to.
has() { grep -Eaq -- "$2" "$SCRATCH/$1.out"; } # NAME REGEX
start_beside exits execsnoop --exits -l "ends-$$"
start_beside users execsnoop --exits -u nobody
wait_for 180 all_are_tracing
mkfifo "$SCRATCH/fifo"
sh -c "exit 3; : ends-$$"
{ sh -c "kill -SEGV \$\$; : ends-$$"; } 2>/dev/null
/bin/true "ends-$$"
/bin/true "other-$$"
sh -c "(exit 5); : ends-$$"
sh -c "sleep 0.3; exec /bin/echo 'ends-$$'" >/dev/null
setpriv --reuid nobody --clear-groups sh -c "exit 7; : ends-$$"
wait_for 60 has users 'exit +sh .* 7 '
wait_for 60 has exits 'exit +sh .* 7 '
stop_all
start_beside storm execsnoop --exits --json -n '^(exec_storm|open_kinds|by-thread|true)$'
wait_for 180 all_are_tracing
cp "$PROGRAMS/nothing" "$SCRATCH/by-thread"
"$PROGRAMS/exec_by_thread" "$SCRATCH/by-thread"
"$PROGRAMS/open_kinds" waiting "$SCRATCH/fifo"
"$PROGRAMS/exec_storm" 8 "$execs" 60
# The last process of all to end.
wait_for 60 has storm "\"event\":\"exit\".*\"ppid\":$$,.*/exec_storm\",\"8\""
stop_all
check "--exits: the header" has exits '^EVENT PCOMM            PID     PPID        RET    DUR\(s\) ARGS$'
check "--exits: an exec" has exits "^exec  sh +[0-9]+ +$$ +0 +- .*sh -c exit 3; : ends-$$\$"
check "--exits: a status" has exits "^exit  sh +[0-9]+ +$$ +3 +0\.[0-9]{3} .*sh -c exit 3; : ends-$$\$"
check "--exits: a signal" has exits "^exit  sh +[0-9]+ +$$ +SIGSEGV(\+core)? +[0-9.]+ .*sh -c kill -SEGV .*ends-$$\$"
check "--exits: -l takes the ends of what it takes" bash -c "! grep -a 'other-$$' '$SCRATCH/exits.out'"
check "--exits: a process without an exec" has exits '^exit  sh +[0-9]+ +[0-9]+ +5 +[0-9.]+ \(no exec seen\)$'
check "--exits: the last exec counts" has exits "^exit  echo +[0-9]+ +$$ +0 +0\.[0-9]{3} /bin/echo ends-$$\$"
check "--exits: -u takes the ends too" has users '^exit  sh +[0-9]+ +[0-9]+ +7 '
check "--exits: -u leaves out others" bash -c "! grep -a 'exit 3; : ends-$$' '$SCRATCH/users.out'"
# shellcheck disable=SC2016 # $file is for jq
check "--exits: a program that a thread executed" jq -es \
	--arg file "$SCRATCH/by-thread" \
	'map(select(.args[0]? == $file)) | map(.event) == ["exec", "exit"] and .[0].pid == .[1].pid and .[1].args == .[0].args' \
	"$SCRATCH/storm.out"
# shellcheck disable=SC2016 # $fifo is for jq
check "--exits: 2,500 threads end as one process" jq -es \
	--arg fifo "$SCRATCH/fifo" \
	'map(select(.args[2]? == $fifo and .event == "exit")) | length == 1 and .[0].exit_status == 0 and .[0].duration > 0' \
	"$SCRATCH/storm.out"
# shellcheck disable=SC2016 # $execs is for jq
check "--exits: a storm of execs and ends: each once, none lost" jq -es --argjson execs "$execs" --arg mark "storm-$$" \
	'map(select(.args[1]? == $mark)) | (map(select(.event == "exit" and .exit_status == 0 and .signal == null) | .pid) | unique | length) == $execs and length == 2 * $execs' \
	"$SCRATCH/storm.out"
check "--exits: nothing is lost" bash -c "! grep -q lost '$SCRATCH/'*.err"
check "--exits follows its schema" /usr/bin/python3 "$here/follows_schema.py" "$here/../../docs/schema" "$SCRATCH/storm.out"

# --tree
start execsnoop --tree -l "tree-$$" -n '^(sh|true)$'
/bin/sh -c "/bin/sh -c '/bin/true tree-$$ 1; (/bin/true tree-$$ 2; :); :'; exec /bin/true tree-$$ 3"
out_soon "tree-$$ 3"
stop
branches() { sed -n "s/^[^ ]* *[0-9]* *[0-9]* *[-0] \(.*\)/\1/p" "$OUT" | sed "s/sh -c .*/sh/; s/ tree-$$//"; }
check "--tree: each exec under its parent" diff - <(branches) <<-END
	(running before)
	\`- /bin/sh
	   \`- /bin/sh
	      \`- /bin/true 1
	      \`- /bin/true 2
	\`- /bin/true 3
END
in_background env LC_ALL=C.UTF-8 python3 "$here/in_terminal.py" \
	"$TOOLS/execsnoop" --tree -P $$ -l "boxed-$$" --max-events 1 </dev/null
wait_for 180 out_has PCOMM
/bin/true "boxed-$$"
wait_tool
check "--tree: boxes on a terminal" out_has " └─ /bin/true boxed-$$"
check "--tree and --json" one_line_error 1 '--json and --tree exclude each other' execsnoop --json --tree

check "an unknown user" one_line_error 2 "unknown user 'nobody-such'" execsnoop -u nobody-such
check "a bad regular expression" one_line_error 2 "bad regular expression" execsnoop -n '('
check "a bad number" one_line_error 2 "bad number of arguments" execsnoop --max-args 0x
check "a bad PID" one_line_error 2 "bad PID" execsnoop -P -1
check "an unknown option" one_line_error 2 "unrecognized option" execsnoop --what
check "a missing argument" one_line_error 2 "option requires an argument" execsnoop -u
check "an argument too many" one_line_error 2 "unexpected argument" execsnoop what
check "no such map" one_line_error 1 "can't open the pinned map" execsnoop --mntnsmap /nonexistent
check "no such source" one_line_error 1 "can't read /nonexistent" execsnoop --source /nonexistent
check "not root" bash -c "setpriv --reuid nobody --clear-groups --inh-caps=-all '$TOOLS/execsnoop' 2>&1 | grep -q '^execsnoop: .*CAP_'"

filtered_source "$SCRATCH/my.c"
start execsnoop --source "$SCRATCH/my.c"
/bin/true
/bin/echo custom >/dev/null
out_soon custom
stop
check "--source: a user's filter works" out_lacks '/bin/true'
finish
