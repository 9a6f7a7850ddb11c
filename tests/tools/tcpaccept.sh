#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tcpaccept: what it shows of accepts of many kinds, for each option.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NOBODY=65534
STORM=50000
HIDDEN=500
! is_emulated || STORM=1000

# shows KIND [MORE]: its line, and what follows the columns.
shows() {
	local address
	address=$(address_of "$1")
	out_has "^$(of "$1" 2) +tcp_kinds    $address $(of "$1" 4) +${address#*  } $(of "$1" 5) *${2-}\$"
}

# without_uring: what the syscalls' exits show.
without_uring() { unset 'TCP_KINDS[-1]'; }

has_kprobes || without_uring
start tcpaccept
check 'the columns' out_has '^PID     COMM         IP RADDR            RPORT LADDR            LPORT$'
connect "${TCP_KINDS[@]}"
"$PROGRAMS/tcp_kinds" accept4 >"$SCRATCH/last"
last=$(awk '{ print $5 }' "$SCRATCH/last")
out_soon " $last *\$"
check_kinds shows
check 'one line for each' [ "$(grep -c "^$(of plain 2) " "$OUT")" -eq "$(grep -vc none "$MADE")" ]
if [ -x "$PROGRAMS/tcp_kinds32" ]; then
	"$PROGRAMS/tcp_kinds32" plain >"$MADE"
	out_soon " $(of plain 5) *\$"
	check 'a 32-bit program' out_has "^$(of plain 2) +tcp_kinds32  4  127\.0\.0\.1 +$(of plain 4) +127\.0\.0\.1 +$(of plain 5) *\$"
else
	skip 'a 32-bit program' 'none was built'
fi
stop
check 'it ends with status 0' [ "$STATUS" -eq 0 ]
if has_kprobes; then
	check 'nothing to say' err_is_empty
else
	check 'it says what it does not see' err_has '^tcpaccept: not seen on this kernel: accepts through io_uring$'
fi

start tcpaccept -b -w -l
check 'the columns with -b and -w' out_has ' LPORT BACKLOG          MS$'
connect "${TCP_KINDS[@]}"
"$PROGRAMS/tcp_kinds" ipv6 >"$SCRATCH/last"
out_soon " ::1 +$(awk '{ print $5 }' "$SCRATCH/last") +0/16 "
stop
# Fast open: the connection can be accepted before it is established.
check '-b and -w' shows plain '0/16 +[0-9]+\.[0-9]{3}'
check '-b: IPv6' shows ipv6 '0/16 +[0-9]+\.[0-9]{3}'
check '-l: a new listener' out_has "^$(of plain 2) +tcp_kinds    4  -                -     127\.0\.0\.1 +$(of plain 5) +- +-\$"
check '-l: IPv6' out_has " 6  -                -     ::1 +$(of ipv6 5) +- +-\$"

start tcpaccept -T -t -U -4 -u $NOBODY
check 'the columns with -T, -t and -U' out_has '^TIME     TIME\(s\)  UID   PID     COMM '
"$PROGRAMS/tcp_kinds" plain >/dev/null
setpriv --reuid=$NOBODY --clear-groups "$PROGRAMS/tcp_kinds" ipv6 plain >"$MADE"
out_soon " $(of plain 5) *\$"
stop
check '-T, -t and -U' out_has "^[0-9:]{8} [0-9]+\.[0-9]{3} +$NOBODY +[0-9]+ +tcp_kinds +4 .* $(of plain 5) *\$"
check '-u and -4 leave the rest out' [ "$(wc -l <"$OUT")" -eq 2 ]

mkfifo "$SCRATCH/gate"
(read -r _ <"$SCRATCH/gate" && exec "$PROGRAMS/tcp_kinds" plain ipv6 >"$SCRATCH/one") &
gated=$!
start tcpaccept -6 -p $gated
connect ipv6
echo >"$SCRATCH/gate"
out_soon ' tcp_kinds '
wait "$gated"
stop
check '-p and -6' out_lines " 6  ::1 .* $(awk '$1 == "ipv6" { print $5 }' "$SCRATCH/one") *\$" 1
check '-p and -6 leave the rest out' [ "$(wc -l <"$OUT")" -eq 2 ]

# A server on a given port, for one connection after the other.
python3 -c 'import socket, sys
listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(listener.getsockname()[1] for listener in listeners), flush=True)
sys.stdin.readline()
for listener in listeners:
    client = socket.create_connection(listener.getsockname())
    listener.accept()' <"$SCRATCH/gate" >"$SCRATCH/ports" &
server=$!
exec {gate}>"$SCRATCH/gate"
wait_for 60 grep -q . "$SCRATCH/ports"
read -r other port <"$SCRATCH/ports"
start tcpaccept -P "1,$port"
echo >&"$gate"
out_soon " $port *\$"
wait "$server"
stop
check '-P' out_lines " 127\.0\.0\.1 +$port *\$" 1
check '-P leaves the rest out' out_lacks " $other *\$"

start tcpaccept
"$PROGRAMS/tcp_kinds" storm $STORM >"$MADE"
"$PROGRAMS/tcp_kinds" hidden $HIDDEN >>"$MADE"
"$PROGRAMS/tcp_kinds" plain >>"$MADE"
out_soon " $(of plain 5) *\$"
stop
check "$STORM accepts, none missing" out_lines "^$(of storm 2) .* 127\.0\.0\.1 +$(of storm 5) *\$" "$STORM"
check 'descriptors that are replaced at once hide nothing' out_lines "^$(of hidden 2) .* 127\.0\.0\.1 +$(of hidden 5) *\$" "$HIDDEN"
check 'none was lost' [ "$(grep -vc 'not seen on this kernel' "$ERR")" -eq 0 ]

start_headerless tcpaccept --json -b
connect mapped plain
out_soon "\"lport\":$(of plain 5)"
stop
check '--json' out_has "\"pid\":$(of mapped 2),\"tid\":$(of mapped 3),\"comm\":\"tcp_kinds\",\"ip\":4,\"raddr\":\"127.0.0.1\",\"rport\":$(of mapped 4),\"laddr\":\"127.0.0.1\",\"lport\":$(of mapped 5),\"backlog\":0,\"max_backlog\":16,\"ms\":null,\"event\":\"accept\""

tcp_source accept-entries "$SCRATCH/entries.c"
start tcpaccept --source "$SCRATCH/entries.c" -b
connect plain accept4 ipv6
out_soon " $(of ipv6 5) +0/16"
stop
check 'by the entries and exits of the syscalls' shows plain 0/16
check 'the same of accept4' shows accept4 0/16
# shellcheck disable=SC2016
check 'it says what these do not see' err_has 'not seen on this kernel: accepts of 32-bit programs, by int \$0x80 and through io_uring$'
if has_kprobes; then
	tcp_source accept-return "$SCRATCH/return.c"
	start tcpaccept --source "$SCRATCH/return.c" -b
	connect "${TCP_KINDS[@]}"
	"$PROGRAMS/tcp_kinds" plain >"$SCRATCH/last"
	out_soon " $(awk '{ print $5 }' "$SCRATCH/last") +0/16"
	stop
	check_kinds shows 0/16
	tcp_source accept-exits "$SCRATCH/exits.c"
	start tcpaccept --source "$SCRATCH/exits.c" -b
	without_uring
	connect "${TCP_KINDS[@]}"
	"$PROGRAMS/tcp_kinds" plain >"$SCRATCH/last"
	out_soon " $(awk '{ print $5 }' "$SCRATCH/last") +0/16"
	stop
	if err_has 'accepts of 32-bit programs'; then
		skip 'by the exits of the syscalls' 'this kernel has no BTF'
	else
		check_kinds shows 0/16
	fi
fi

check '-4 with -6' one_line_error 2 '-4 and -6 exclude each other' tcpaccept -4 -6
check 'a wrong port' one_line_error 2 "bad port 'x'" tcpaccept -P x
check 'an argument too many' one_line_error 2 '.*' tcpaccept more
finish
