#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(dirname "${BASH_SOURCE[0]}")

# has_prompts COUNT: the shell in the terminal has come to its prompt so often.
has_prompts() { [ "$(grep -ao '[$#] ' "$SCRATCH/terminal" | wc -l)" -ge "$1" ]; }

# type_into SHELL: a shell at its prompt, in a pty; what comes through descriptor 9 is typed there.
type_into() {
	rm -f "$SCRATCH/keys"
	mkfifo "$SCRATCH/keys"
	: >"$SCRATCH/terminal"
	python3 "$here/in_terminal.py" "$@" <"$SCRATCH/keys" >"$SCRATCH/terminal" 2>&1 &
	exec 9>"$SCRATCH/keys"
	wait_for 60 has_prompts 1
}

export INPUTRC=/dev/null HISTFILE=/dev/null LC_ALL=C.UTF-8
type_into bash --norc
start bashreadline
check "the header" out_has '^TIME +PID +COMMAND$'
echo 'echo the-first' >&9
echo 'ls | wc -l' >&9
check "the first command of a shell at its prompt" out_soon '^[0-9:]{8} +[0-9]+ +echo the-first$'
check "a pipeline" out_soon ' ls \| wc -l$'
long=$(printf 'a%.0s' $(seq 4200))
echo ": $long" >&9
check "4,200 bytes in one line" out_soon ": $long\$"
printf 'raw 3a200b160b2027c3bc270a\n' >&9 # Ctrl-V Ctrl-K puts a control byte into the line
check "UTF-8 is readable" out_soon "'ü'\$"
echo 'exit' >&9
exec 9>&-
check "the last command of a shell" out_soon ' exit$'
stop
check "it ends with status 0" [ "$STATUS" -eq 0 ]
check "nothing to be said" err_is_empty

ln -s /bin/bash "$SCRATCH/my-shell"
type_into "$SCRATCH/my-shell" --norc
start bashreadline
echo 'exec true as-the-last' >&9
check "a bash by another name that is gone at once" out_soon ' exec true as-the-last$'
exec 9>&-
stop

library=$(ldd "$PROGRAMS/readline_shell" | awk '/libreadline/ { print $3 }')
cp "$PROGRAMS/readline_shell" "$SCRATCH/bash"
cp "$PROGRAMS/readline_shell" "$SCRATCH/other"
type_into "$SCRATCH/bash"
start bashreadline -s "$library"
echo 'in the shared library' >&9
check "a bash linked with the shared libreadline" out_soon ' in the shared library$'
exec 9>&-
type_into "$SCRATCH/other"
echo 'not for us' >&9
wait_for 60 has_prompts 2
stop # while that program is there: of one that has ended it can't be told what it was
exec 9>&-
check "no other program's lines" out_lacks 'not for us'
start bashreadline -s "$library"
type_into "$PROGRAMS/readline_bash"
echo 'by its function' >&9
check "a bash with another name" out_soon ' by its function$'
echo 'exec true' >&9
check "its last line" out_soon ' exec true$'
exec 9>&-
stop

# What the executable of a caller is made of neither hides it nor costs anything.
cp "$PROGRAMS/readline_bash" "$SCRATCH/no-sections"
python3 - "$SCRATCH/no-sections" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(40)
    file.write(bytes(8))  # e_shoff
    file.seek(60)
    file.write(bytes(4))  # e_shnum, e_shstrndx
END
cp "$PROGRAMS/readline_shell" "$SCRATCH/sparse"
truncate -s 2700M "$SCRATCH/sparse"
peak_kb() { awk '/^VmHWM/ { print $2 }' "/proc/$TOOL_PID/status"; }
start bashreadline -s "$library"
type_into "$SCRATCH/no-sections"
echo 'from a file that does not tell' >&9
check "in doubt it is shown" out_soon ' from a file that does not tell$'
exec 9>&-
type_into "$SCRATCH/sparse"
echo 'a large one' >&9
sleep 0.5
exec 9>&-
type_into "$PROGRAMS/readline_bash"
echo 'soon after' >&9
check "an executable of 2.7 GB does not hold it up" out_soon ' soon after$' 2
check "nor take memory: $(peak_kb) kB" [ "$(peak_kb)" -lt 40000 ]
exec 9>&-
stop
check "and is found to be no bash" out_lacks 'a large one'

# As a package puts a new file in the place of the old one.
replace_bash() {
	cp "$1" "$SCRATCH/libbash.new"
	mv "$SCRATCH/libbash.new" "$SCRATCH/libbash"
}
replace_bash /bin/bash
type_into "$SCRATCH/libbash" --norc
start bashreadline -s "$SCRATCH/libbash"
: >"$SCRATCH/something-else"
sleep 0.3
check "another file beside it is nothing" err_is_empty
replace_bash /bin/bash
check "that bash is replaced is said" wait_for 2 err_has \
	"^bashreadline: $SCRATCH/libbash was replaced: both files are traced\$"
echo 'in the old one' >&9
check "the old file is still traced" out_soon ' in the old one$'
exec 9>&-
type_into "$SCRATCH/libbash" --norc
echo 'in the new one' >&9
check "the new file is traced" out_soon ' in the new one$'
exec 9>&-
replace_bash /bin/bash
check "that it is replaced again is said" wait_for 2 err_has \
	'was replaced: shells that run the new file are seen only after the tool is started again$'
stop
check "each once" [ "$(wc -l <"$ERR")" -eq 2 ]
check "each line once" out_lines ' in the (old|new) one$' 2

replace_bash /bin/bash
start bashreadline -s "$SCRATCH/libbash"
replace_bash /bin/true
check "a file without readline in its place is said" wait_for 2 err_has 'only after the tool is started again$'
stop
check "and the tool goes on until it is stopped" [ "$STATUS" -eq 0 ]

# A shell of a login, where the kernel knows of such.
login=null
! grep -q . /proc/self/loginuid 2>/dev/null || login=1234
type_into bash -c 'echo 1234 2>/dev/null >/proc/self/loginuid; exec bash --norc'
start_headerless bashreadline --json --max-events 1
echo 'echo json' >&9
wait_tool
exec 9>&-
check "--json" jq -e '.command == "echo json" and .comm == "bash" and .uid == 0 and .truncated == false' "$OUT"
# shellcheck disable=SC2016 # $login is for jq
check "--json: terminal and login" jq -e --argjson login "$login" '.auid == $login and (.tty | test("^pts/[0-9]+$"))' "$OUT"
check "--json follows its schema" /usr/bin/python3 "$here/follows_schema.py" "$here/../../docs/schema" "$OUT"

check "no such library" one_line_error 1 "can't open /nonexistent" bashreadline -s /nonexistent
check "not an ELF file" one_line_error 1 "/etc/passwd is not an ELF file" bashreadline -s /etc/passwd
mkfifo "$SCRATCH/fifo"
check "a FIFO" one_line_error 1 ".*/fifo is not an ELF file" bashreadline -s "$SCRATCH/fifo"
check "no readline in it" one_line_error 1 ".* has no function readline" bashreadline -s /bin/true
finish
