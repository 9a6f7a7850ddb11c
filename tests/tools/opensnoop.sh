#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

deep=$SCRATCH/$(printf 'd%s/' $(seq 20))
mkdir -p "$deep"
for name in edge absent overwrite uring all plain relative thirty-two; do
	echo x >"$SCRATCH/file-$name"
done
echo x >"$deep/file-deep"
hostile=$SCRATCH/$(printf 'esc\033]0;t\007nl\n1 init 3 0 forged\377')
echo x >"$hostile"

# Names from just below to just above what a program reads at once and what its batch has room for.
lengths=(1 126 127 128 1934 1935 1936 4095)
mapfile -t long_names < <(for length in "${lengths[@]}"; do printf '/%0*d\n' $((length - 1)) 0 | cut -c "1-$length"; done)
sees_long_names() {
	diff <(printf '%s\n' "${lengths[@]}") <(grep -aE '^[0-9]+ +cat .* /0*$' "$OUT" | awk '{ print length($NF) }')
}

start opensnoop
check "the header" out_has '^PID +COMM +FD ERR PATH$'
cat "$SCRATCH/file-plain" /nonexistent/file "$hostile" "${long_names[@]}" >/dev/null 2>&1
"$PROGRAMS/open_kinds" edge "$SCRATCH/file-edge"
"$PROGRAMS/open_kinds" absent "$SCRATCH/file-absent"
"$PROGRAMS/open_kinds" all "$SCRATCH/file-all"
"$PROGRAMS/open_kinds" overwrite "$SCRATCH/file-overwrite"
"$PROGRAMS/open_kinds" uring "$SCRATCH/file-uring" && uring=yes
[ ! -x "$PROGRAMS/open_loop32" ] || "$PROGRAMS/open_loop32" 1 "$SCRATCH/file-thirty-two" >/dev/null
cat "$SCRATCH/last" 2>/dev/null
out_soon "$SCRATCH/last\$"
stop
check "it ends with status 0" [ "$STATUS" -eq 0 ]
check "an open" out_has "^[0-9]+ +cat +3   0 $SCRATCH/file-plain\$"
check "a failed open" out_has '^[0-9]+ +cat +-1   2 /nonexistent/file$'
check "control bytes are escaped" out_has 'esc\\033\]0;t\\007nl\\0121 init 3 0 forged\\377$'
check "no escape byte is printed" out_lacks "$(printf '\033')"
check "no line is forged" out_lacks '^1 init'
check "names of up to 4,095 bytes" sees_long_names
check "a name that ends before an unmapped page" out_has "$SCRATCH/file-edge\$"
check "a name whose page was not in memory" out_has "$SCRATCH/file-absent\$"
calls=(openat)
[ "$(uname -m)" != x86_64 ] || calls+=(open creat)
! has_openat2 || calls+=(openat2)
check "${calls[*]}" out_lines "open_kinds +[0-9]+ +0 $SCRATCH/file-all\$" ${#calls[@]}
check "a name that another thread overwrites: each successful open by its right name" \
	out_lines "open_kinds +[0-9]+ +0 (.* -> )?$SCRATCH/file-overwrite\$" 100
check "a name that another thread overwrites: never another with a descriptor" \
	bash -c "! sed 's|$SCRATCH|scratch|g' '$OUT' | grep -aE 'open_kinds +[0-9]+ +0 .*XX' | grep -qv -- ' -> '"
[ ! -x "$PROGRAMS/open_loop32" ] ||
	check "a 32-bit program" out_has "open_loop32 +3   0 $SCRATCH/file-thirty-two\$"
if has_kprobes; then
	[ "${uring:-}" != yes ] || check "io_uring" out_has " -   0 $SCRATCH/file-uring\$"
	check "nothing to be said" err_is_empty
else
	[ "${uring:-}" != yes ] || check "io_uring" out_has " -   - $SCRATCH/file-uring\$"
	check "what is not seen is said" err_has '^opensnoop: not seen on this kernel: .*io_uring'
fi

start opensnoop -T -U -e -f O_WRONLY
cat "$SCRATCH/file-plain" >/dev/null
echo y >"$SCRATCH/file-plain"
out_soon "$SCRATCH/file-plain\$"
stop
check "columns are as wide as BCC's" bash -c \
	"head -1 '$OUT' | grep -q '^TIME(s)       UID   PID    COMM               FD ERR FLAGS    MODE PATH\$'"
check "the header with everything" out_has '^TIME\(s\) +UID +PID +COMM +FD ERR FLAGS +MODE PATH$'
check "-f O_WRONLY leaves out readers" out_lacks "cat .*$SCRATCH/file-plain"
check "-T, -U and -e" out_has "^[0-9]+\.[0-9]{9} +0 +$$ +bash +[0-9]+ +0 00001101 0666 $SCRATCH/file-plain\$"

if has_kprobes && "$PROGRAMS/open_kinds" uring "$SCRATCH/file-uring"; then
	start opensnoop -e -f O_CREAT
	"$PROGRAMS/open_kinds" uring "$SCRATCH/file-uring"
	out_soon "$SCRATCH/file-uring\$"
	stop
	check "flags and mode of io_uring" out_has " -   0 00000100 0640 $SCRATCH/file-uring\$"
fi

start opensnoop -U -n open_kinds
setpriv --reuid nobody --clear-groups "$PROGRAMS/open_kinds" all /etc/passwd
out_soon passwd
stop
check "-U says who" out_has "^$(id -u nobody) +[0-9]+ +open_kinds +[0-9]+ +0 /etc/passwd\$"

start opensnoop -x
cat "$SCRATCH/file-plain" "$SCRATCH/last" >/dev/null 2>&1
out_soon "$SCRATCH/last\$"
stop
check "-x leaves out what succeeded" out_lacks "$SCRATCH/file-plain"

start opensnoop -F -n cat
(cd "$SCRATCH" && cat file-relative >/dev/null)
(cd "$deep" && cat file-deep >/dev/null)
(cd "$SCRATCH" && true <file-plain)
out_soon file-deep
stop
check "-F gives a relative path its directory" out_has " $SCRATCH/file-relative\$"
check "-F twenty directories deep" out_has " ${deep%/}/file-deep\$"
check "-n takes commands by name" out_lacks '^[0-9]+ +bash'

mkfifo "$SCRATCH/fifo"
start opensnoop -n open_kinds
"$PROGRAMS/open_kinds" waiting "$SCRATCH/fifo"
wait_for 60 out_lines "open_kinds +[0-9]+ +0 $SCRATCH/fifo\$" 2501
stop
check "2,500 threads that wait in their opens, and one that does not" \
	out_lines "open_kinds +[0-9]+ +0 $SCRATCH/fifo\$" 2501
check "an open that fails while they wait" out_has "open_kinds +-1   2 /nonexistent/meanwhile\$"

# What the kernel offers instead of kprobes. An open is the same by all of them.
opens_of_all() { awk -v file="$SCRATCH/file-all" '$NF == file { $1 = ""; print }' "$OUT"; }
start opensnoop -e -n open_kinds
"$PROGRAMS/open_kinds" all "$SCRATCH/file-all"
out_soon file-all
stop
opens_of_all >"$SCRATCH/opens"
exits_source "$SCRATCH/exits.c"
entries_source "$SCRATCH/entries.c"
for from in exits entries; do
	start opensnoop -v -e --source "$SCRATCH/$from.c"
	cat "${long_names[@]}" >/dev/null 2>&1
	"$PROGRAMS/open_kinds" all "$SCRATCH/file-all"
	"$PROGRAMS/open_kinds" absent "$SCRATCH/file-absent"
	setpriv --reuid nobody --clear-groups "$PROGRAMS/open_kinds" all /etc/shadow 2>/dev/null
	"$PROGRAMS/deny" openat2 trap "$PROGRAMS/open_kinds" all "$SCRATCH/file-trapped" 2>/dev/null
	out_soon trapped
	stop
	[ "$(uname -m)" != x86_64 ] ||
		check "by $from: what seccomp traps was no open" out_lines "file-trapped\$" 3
	check "by $from: open, creat, openat and openat2, their flags and modes" \
		diff "$SCRATCH/opens" <(opens_of_all)
	check "by $from: names of up to 4,095 bytes" sees_long_names
	check "by $from: a name whose page was not in memory" out_has "$SCRATCH/file-absent\$"
	check "by $from: opens that fail" out_has ' -1  13 0+ .* /etc/shadow$'
	check "by $from: what is not seen is said" err_has 'not seen on this kernel: .*io_uring'
done

# Begun before there was a probe at their entry.
if "$TOOLS/opensnoop" -v -d 0.1 --source "$SCRATCH/exits.c" 2>&1 | grep -q '^on_exit_alone: '; then
	"$PROGRAMS/open_loop" 1 "$SCRATCH/fifo" >/dev/null &
	wait_for 60 sleeps_in $! 'fifo_open|wait_for_partner'
	start opensnoop --source "$SCRATCH/exits.c" -n open_loop
	: >"$SCRATCH/fifo"
	check "by exits: an open that was waiting already" out_soon " $SCRATCH/fifo\$"
	stop
	wait
else
	skip "by exits: an open that was waiting already" "this kernel does not tell a program the caller's registers"
fi

start opensnoop -p $$
cat "$SCRATCH/file-plain" >/dev/null
true <"$SCRATCH/file-relative"
out_soon "$SCRATCH/file-relative\$"
stop
check "-p takes one process" out_lacks "$SCRATCH/file-plain"
start opensnoop -t $$
true <"$SCRATCH/file-relative"
out_soon "$SCRATCH/file-relative\$"
stop
check "-t takes one thread and says TID" out_has '^TID '
start opensnoop -p 1 -t $$
true <"$SCRATCH/file-relative"
check "-t stands above -p" out_soon "$SCRATCH/file-relative\$"
stop
start opensnoop -u nobody
cat "$SCRATCH/file-plain" >/dev/null
chmod 755 "$SCRATCH"
setpriv --reuid nobody --clear-groups cat "$SCRATCH/file-relative" >/dev/null
out_soon "$SCRATCH/file-relative\$"
stop
check "-u takes a user's name" out_lacks "$SCRATCH/file-plain"

start_headerless opensnoop --json -n open_kinds
"$PROGRAMS/open_kinds" kernel x
out_soon '"err": *14'
stop
check "what is not the program's is not read for a path" jq -es 'map(select(.err == 14)) | length == 1 and .[0].path == null' "$OUT"

# Opens that try to hide. Without kprobes the file's own path stands behind a name that is another.
hidden_kinds=(pending signalled tagged tagged-openat2 uring handle tree added truncated overwritten by-process unmapped)
[ "$(uname -m)" != x86_64 ] || hidden_kinds+=(int80)
open_hidden() {
	local kind
	for kind in "${hidden_kinds[@]}"; do
		rm -f "$SCRATCH/hidden-$kind"
		case $kind in
		overwritten | by-process | unmapped) mkfifo "$SCRATCH/hidden-$kind" ;;
		*) echo x >"$SCRATCH/hidden-$kind" ;;
		esac
		timeout 20 "$PROGRAMS/hidden_opens" "$kind" "$SCRATCH/hidden-$kind" </dev/null || skipped+=" $kind "
	done
}
check_hidden() { # FROM: each kind is shown, by the right name, as often as it was opened
	local kind count
	for kind in "${hidden_kinds[@]}"; do
		case $kind in
		signalled) count=1000 ;;
		added | truncated | overwritten | by-process | unmapped) count=2 ;;
		*) count=1 ;;
		esac
		if [[ $skipped == *" $kind "* ]]; then
			skip "$1: hidden opens: $kind" "this kernel can't"
			continue
		fi
		check "$1: hidden opens: $kind" \
			out_lines "hidden_opens +[-0-9]+ +[-0-9] .*$SCRATCH/hidden-$kind\$" "$count"
	done
}
skipped=
# By kprobes the opener is io_uring's worker, whose name -n leaves out; it is looked for above.
! has_kprobes || skipped=' uring '
start opensnoop -e -n hidden_opens
open_hidden
out_soon "hidden-${hidden_kinds[-1]}"
sleep 0.3
stop
check_hidden "by default"
[ "$(uname -m)" = x86_64 ] && openat=257 || openat=56
check "a descriptor of the syscall's number is shown as one" out_has " $openat   0 0+ 0+ $SCRATCH/hidden-pending\$"
if has_openat2; then
	start opensnoop -e -f O_TRUNC -n hidden_opens
	"$PROGRAMS/hidden_opens" truncated "$SCRATCH/hidden-truncated"
	"$PROGRAMS/hidden_opens" flags "$SCRATCH/hidden-truncated"
	out_soon hidden-truncated
	out_soon "^[^>]*$SCRATCH/hidden-truncated\$"
	stop
	check "-f with flags that the open itself overwrites" out_lines " 0 0+1(001)? .*$SCRATCH/hidden-truncated\$" 2
	start opensnoop -f O_RDWR -n hidden_opens
	"$PROGRAMS/hidden_opens" truncated "$SCRATCH/hidden-truncated"
	out_soon hidden-truncated
	sleep 0.3
	stop
	check "-f leaves out what the file says to be otherwise" out_lines "hidden-truncated\$" 1
else
	skip "-f with flags that the open itself overwrites" "this kernel has no openat2()"
fi

if has_openat2; then
	mkdir -p "$SCRATCH/root/etc"
	echo x >"$SCRATCH/root/etc/in-root"
	start_headerless opensnoop --json -F -n in_root
	"$PROGRAMS/in_root" "$SCRATCH/root" /etc/in-root /etc/absent
	out_soon etc/absent
	stop
	# shellcheck disable=SC2016 # $path is for jq
	check "-F with a directory as root: the file's path" jq -es --arg path "$SCRATCH/root/etc/in-root" \
		'map(select(.path == "/etc/in-root")) | .[0].full_path == $path' "$OUT"
	# shellcheck disable=SC2016
	check "-F with a directory as root: a file that is not there" jq -es --arg path "$SCRATCH/root/etc/absent" \
		'map(select(.path == "/etc/absent")) | .[0].full_path == $path and .[0].err == 2' "$OUT"
	# shellcheck disable=SC2016
	check "resolve and resolved of both" jq -es --arg path "$SCRATCH/root/etc/in-root" \
		'map([.err, .resolve, .resolved]) == [[0, 16, $path], [2, 16, null]]' \
		<(grep -a '"dirfd":[0-9]' "$OUT")
else
	skip "-F with a directory as root" "this kernel has no openat2()"
fi

# Which file was opened, whatever it was called and by whichever call.
ln -s file-plain "$SCRATCH/link-to-plain"
file_id() { echo "$(findmnt -n -o MAJ:MIN -T "$1" | tr -d ' ') *$(stat -c %i "$1")"; }
start opensnoop --fields call,io_uring,device,inode,resolved --where "resolved~^$SCRATCH/file-"
true <"$SCRATCH/link-to-plain"
"$PROGRAMS/hidden_opens" handle "$SCRATCH/file-all"
! has_kprobes || [ "${uring:-}" != yes ] || "$PROGRAMS/open_kinds" uring "$SCRATCH/file-uring"
(cd "$SCRATCH" && true <file-relative)
out_soon "$SCRATCH/file-relative\$"
stop
check "resolved: what a link leads to" out_has "^open +false +$(file_id "$SCRATCH/file-plain") +$SCRATCH/file-plain\$"
[[ $skipped == *" handle "* ]] ||
	check "resolved: by a handle" out_has "^open_by_handle_at +false +$(file_id "$SCRATCH/file-all") +$SCRATCH/file-all\$"
! has_kprobes || [ "${uring:-}" != yes ] ||
	check "resolved: by io_uring" out_has "^open +true +$(file_id "$SCRATCH/file-uring") +$SCRATCH/file-uring\$"

mkfifo "$SCRATCH/hidden-where"
start opensnoop --where "path=$SCRATCH/hidden-where" -n hidden_opens
"$PROGRAMS/hidden_opens" overwritten "$SCRATCH/hidden-where"
check "a condition on a path whose name is overwritten" wait_for 60 out_lines "$SCRATCH/hidden-where\$" 2
stop

if ! has_kprobes && [ "${uring:-}" = yes ]; then
	start opensnoop --where "resolved~^/nowhere/" -n open_kinds
	"$PROGRAMS/open_kinds" uring "$SCRATCH/file-uring"
	check "resolved: a file that is not known is not left out" out_soon " $SCRATCH/file-uring\$"
	stop
fi

"$TOOLS/opensnoop" --exec sh -c "cat '$SCRATCH/file-plain'; (cat '$SCRATCH/file-relative'); exit 3" >"$OUT" 2>"$ERR"
check "--exec ends with the command" [ $? -eq 0 ]
check "--exec follows descendants" out_has "cat .*$SCRATCH/file-relative\$"
check "--exec shows nobody else" bash -c "! grep -avE '^PID|^[0-9]+ +(opensnoop|sh|cat) |^x\$|^y\$' '$OUT'"

start_headerless opensnoop --json -p $$ -F
(cd "$SCRATCH" && exec true) </dev/null
cd "$SCRATCH" && true <file-relative
cd - >/dev/null || exit 1
true <"$hostile"
out_soon forged
stop
check "--json" bash -c "jq -es 'map(select(.path == \"file-relative\")) | .[0] | .fd >= 0 and .err == 0 and
	.full_path == \"$SCRATCH/file-relative\" and .resolved == .full_path and (has(\"file\")|not) and .resolve == 0 and (.flags|type) == \"number\" and .io_uring == false and .dirfd == -100' '$OUT'"
check "--json keeps a path that is not UTF-8" bash -c \
	"jq -es 'map(select(.path_hex)) | .[0].path_hex | endswith(\"ff\")' '$OUT'"

opens=300000
! is_emulated || opens=20000
is_each_once() { sort -c -u -n -t/ -k3 <(grep -a ' /nonexistent/' "$OUT"); }
start opensnoop -n open_loop
"$PROGRAMS/open_loop" "$opens" /nonexistent/ >/dev/null
"$PROGRAMS/open_loop" 1 "$SCRATCH/last" >/dev/null
out_soon "$SCRATCH/last\$"
stop
check "at full speed every open is seen" out_lines ' /nonexistent/[0-9]+$' "$opens"
check "and once, in order" is_each_once
check "at full speed nothing is lost" bash -c "! grep -q lost '$ERR'"

if is_emulated; then
	skip "batches handed over at any time: each open once" "under emulation interrupts leave no time for opens"
else
	all_are_seen_or_said() {
		local lost
		lost=$(sed -n 's/^opensnoop: lost \([0-9]*\) events in all$/\1/p' "$ERR")
		out_lines ' /nonexistent/[0-9]+$' $((opens - ${lost:-0}))
	}
	start opensnoop -n open_loop
	"$PROGRAMS/flush_batches" 2>"$SCRATCH/flush" &
	flusher=$!
	"$PROGRAMS/open_loop" "$opens" /nonexistent/ >/dev/null
	kill "$flusher" 2>/dev/null
	wait "$flusher" 2>/dev/null
	"$PROGRAMS/open_loop" 1 "$SCRATCH/last" >/dev/null
	out_soon "$SCRATCH/last\$"
	stop
	check "batches can be handed over here" test ! -s "$SCRATCH/flush"
	check "batches handed over at any time: each open is seen, or said to be lost" all_are_seen_or_said
	check "batches handed over at any time: and once, in order" is_each_once
fi

start opensnoop -d 0.4
monitor_of "$TOOL_PID"
own="$TOOL_PID|${MONITOR:-$TOOL_PID}"
wait_tool
check "-d ends it" [ "$STATUS" -eq 0 ]
# Where tracefs counts what kprobes miss, the monitor reads it for the tool from time to time.
check "it shows no other open of its own making" bash -c "! grep -Ev ' kprobe_profile$' '$OUT' | grep -Eq '^($own) '"
for flag in O_FSYNC O_LARGEFILE O_TMPFILE; do
	check "the flag $flag" "$TOOLS/opensnoop" -d 0.1 -f $flag
done
"$TOOLS/opensnoop" -n systemd-tty-ask-password -d 0.1 >"$OUT" 2>"$ERR"
check "-n with a name that no command has" err_has "^opensnoop: no command's name has more than 15 bytes"
check "a bad flag" one_line_error 2 "bad flag 'O_WHAT'" opensnoop -f O_WHAT
check "pages that are no power of two" one_line_error 2 "bad number of pages" opensnoop -b 3
check "a bad PID" one_line_error 2 "bad PID 'x'" opensnoop -p x
check "a bad duration" one_line_error 2 "bad duration" opensnoop -d soon
check "--exec of what is not there" bash -c "'$TOOLS/opensnoop' --exec /nonexistent/x 2>&1 >/dev/null |
	grep -qx \"opensnoop: can't run /nonexistent/x: No such file or directory\" && [ \${PIPESTATUS[0]} -eq 1 ]"
check "--exec without a command" one_line_error 2 "--exec: the command is missing" opensnoop --exec
finish
