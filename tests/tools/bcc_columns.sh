#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The columns of the tools that BCC has too, as its scripts print them for the same command line. Ours
# may have more at the end of the line.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The last line, without the spaces that fill its last column.
last_line() { grep . | tail -n 1 | sed 's/ *$//'; }

same_columns() { # TOOL OPTION...
	local tool=$1 theirs ours
	shift
	theirs=$(/usr/bin/python3 "$REPOSITORY/tests/tools/bcc_text.py" columns "/usr/sbin/$tool-bpfcc" "$@" 2>"$ERR" |
		last_line)
	"$TOOLS/$tool" "$@" --duration 0.05 </dev/null >"$OUT" 2>"$ERR" || return
	ours=$(head -n 1 "$OUT")
	printf '%s\n' "theirs: $theirs" "ours:   $ours"
	[ -n "$theirs" ] && [ "${ours:0:${#theirs}}" = "$theirs" ]
}

compare() { # TOOL OPTIONS...: each OPTIONS is a command line
	local tool=$1 options
	shift
	for options in "$@"; do
		# shellcheck disable=SC2086 # words
		check "$tool $options" same_columns "$tool" $options
	done
}

# They do not depend on the kernel, and each start takes its time there.
if is_emulated || ! command -v capable-bpfcc >/dev/null; then
	skip "BCC's columns" "on another kernel, or without its tools"
	finish
	exit
fi
compare execsnoop '' --time -t -T -x --fails '-u 0' --uid=0 -q --quote '-n x' '--name x' '-l x' '--line x' \
	-U --print-uid '--max-args 3' '-P 1' --ppid=1 '-T -t -U'
# With -e our opensnoop has MODE before PATH.
compare opensnoop '' -T --timestamp -U --print-uid -x --failed '-p 1' '--pid 1' '-t 1' '--tid 1' '-u 0' '--uid 0' \
	'-n x' '--name x' '-f O_WRONLY -f O_RDWR' '--flag_filter O_CREAT' -F --full-path \
	'-b 8' '--buffer-pages 8' '-T -U'
compare capable '' -v --verbose '-p 1' '--pid 1' -K --kernel-stack -U --user-stack -x --extra --unique '-v -x -K -U'
compare tcpconnect '' -t --timestamp '-p 1' '--pid 1' '-P 80,81' '--port 80' -4 --ipv4 -6 --ipv6 -L --lport -U \
	--print-uid '-u 0' '--uid 0' -c --count '-t -U -L'
compare tcpaccept '' -T --time -t --timestamp '-p 1' '--pid 1' '-P 80' '--port 80' -4 --ipv4 -6 --ipv6 '-T -t'
finish
