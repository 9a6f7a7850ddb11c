#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tcpconnect: what it shows of connects of many kinds, for each option.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NOBODY=65534
STORM=50000
! is_emulated || STORM=1000

# shows KIND: its line without options.
shows() {
	local address
	address=$(address_of "$1")
	out_has "^$(of "$1" 2) +tcp_kinds    $address ${address#*  } $(of "$1" 5) *\$"
}

# shows_result KIND RET: its line with -L and -r.
shows_result() {
	local address
	address=$(address_of "$1")
	out_has "^$(of "$1" 2) +tcp_kinds    $address $(of "$1" 4) +${address#*  } $(of "$1" 5) +$2 +[0-9]+\.[0-9]{3}\$"
}

start tcpconnect
check 'the columns' out_has '^PID     COMM         IP SADDR            DADDR            DPORT *$'
connect "${TCP_KINDS[@]}" refused
out_soon " $(of refused 5) *$"
check_kinds shows
check 'a refused connect' shows refused
check 'one line for each' [ "$(grep -c '^'"$(of plain 2) " "$OUT")" -eq $(($(grep -vc none "$MADE"))) ]
if [ -x "$PROGRAMS/tcp_kinds32" ]; then
	"$PROGRAMS/tcp_kinds32" plain >"$MADE"
	out_soon " $(of plain 5) *$"
	check 'a 32-bit program' out_has "^$(of plain 2) +tcp_kinds32  4  127\.0\.0\.1 +127\.0\.0\.1 +$(of plain 5) *\$"
else
	skip 'a 32-bit program' 'none was built'
fi
stop
check 'it ends with status 0' [ "$STATUS" -eq 0 ]
check 'nothing to say' err_is_empty

start tcpconnect -L -r
check 'the columns with -L and -r' out_has '^PID     COMM         IP SADDR            LPORT  DADDR            DPORT   RET        MS$'
"$PROGRAMS/tcp_kinds" timeout >"$SCRATCH/slow" &
slow=$!
connect "${TCP_KINDS[@]}" refused closed
out_soon " $(of closed 5) +- "
check_kinds shows_result 0
check 'a refused connect: its result' out_has "^$(of refused 2) .* [0-9]+ +127\.0\.0\.1 +$(of refused 5) +-111 "
check 'closed before there is a result' shows_result closed -
wait "$slow"
cat "$SCRATCH/slow" >>"$MADE"
out_soon " $(of timeout 5) +-110 "
check 'a connect that times out' out_has " $(of timeout 4) +127\.0\.0\.1 +$(of timeout 5) +-110 +[1-9][0-9]{3,}\.[0-9]{3}\$"
# It begins while the tool runs and has no result when the tool ends.
exec {waiting}<> <(:)
python3 -c 'import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0), backlog=0)
clients = [socket.socket() for _ in range(3)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(listener.getsockname())
print(clients[-1].getsockname()[1], flush=True)
sys.stdin.read(1)' <&"$waiting" >"$SCRATCH/port" &
wait_for 60 test -s "$SCRATCH/port"
out_soon ' python3 '
stop
echo >&"$waiting"
wait
check 'a connect that has no result yet' out_has " python3 .* -         -\$"

start tcpconnect -x
connect plain refused closed
out_soon " $(of closed 5) +- "
stop
check '-x: a failed connect' out_has " $(of refused 5) +-111 "
check '-x: one that was closed' out_has " $(of closed 5) +- "
check '-x: only those' out_lacks " $(of plain 5) "

# Tries these ports of localhost, where nobody listens, as another user than root.
# shellcheck disable=SC2016
try_ports() { # ADDRESS PORT...
	setpriv --reuid=$NOBODY --clear-groups bash -c 'for port in "${@:2}"; do
		(: <"/dev/tcp/$1/$port")
	done 2>/dev/null' bash "$@"
}

start tcpconnect -T -t -U -4 -P 1,3-5,9 -u $NOBODY
check 'the columns with -T, -t and -U' out_has '^TIME     TIME\(s\)  UID   PID     COMM '
"$PROGRAMS/tcp_kinds" ipv6 plain >/dev/null
(: </dev/tcp/127.0.0.1/4) 2>/dev/null
try_ports ::1 3
try_ports 127.0.0.1 1 2 4 6 9
out_soon ' 9 *$'
stop
check '-T, -t and -U' out_has "^[0-9:]{8} [0-9]+\.[0-9]{3} +$NOBODY +[0-9]+ +bash +4  127\.0\.0\.1 +127\.0\.0\.1 +1 *\$"
check '-P: a port in a range' out_lines ' 4 *$' 1
check '-u, -4 and -P leave the rest out' [ "$(wc -l <"$OUT")" -eq 4 ]

mkfifo "$SCRATCH/gate"
(read -r _ <"$SCRATCH/gate" && exec "$PROGRAMS/tcp_kinds" plain ipv6 >"$SCRATCH/one") &
gated=$!
start tcpconnect -6 -p $gated
connect ipv6
echo >"$SCRATCH/gate"
out_soon ' tcp_kinds '
wait "$gated"
stop
check '-p and -6' out_lines " 6  ::1 +::1 +$(awk '$1 == "ipv6" { print $5 }' "$SCRATCH/one") *\$" 1
check '-p and -6 leave the rest out' [ "$(wc -l <"$OUT")" -eq 2 ]

start tcpconnect -c
check 'the columns with -c' out_has '^LADDR +RADDR +RPORT +CONNECTS *$'
connect ipv6 storm
"$PROGRAMS/tcp_kinds" storm $STORM >"$MADE"
stop
check "-c: $STORM connects, none missing" out_has "^127\.0\.0\.1 +127\.0\.0\.1 +$(of storm 5) +$STORM *\$"
check '-c: the most first' [ "$(awk 'NR == 2 { print $3 }' "$OUT")" = "$(of storm 5)" ]

if is_emulated; then
	skip '-c: made-up addresses leave room for others' 'it takes long under emulation'
else
	start tcpconnect -c
	setpriv --reuid=$NOBODY --clear-groups /usr/bin/python3 -c 'import socket, struct
for i in range(70000):
	with socket.socket() as one:
		one.connect_ex((socket.inet_ntoa(struct.pack("!I", 0x7f010000 + i)), 1))'
	python3 -c 'import socket; socket.socket().connect_ex(("127.9.9.9", 9))'
	stop
	check '-c: made-up addresses leave room for others' out_has ' 127\.9\.9\.9 +9 +1 *$'
	check '-c: what they do not get is counted and said' err_has '^tcpconnect: too many different connects: 5[0-9]{4} '
fi

start tcpconnect -r
"$PROGRAMS/tcp_kinds" storm $STORM >"$MADE"
"$PROGRAMS/tcp_kinds" refused >>"$MADE"
out_soon " $(of refused 5) +-111 "
stop
check "$STORM results, none missing" out_lines "^$(of storm 2) .* $(of storm 5) +0 " "$STORM"
check 'none was lost' err_is_empty

start tcpconnect --public
connect "${TCP_KINDS[@]}"
ip link add snoopkit type dummy 2>/dev/null && ip address add 203.0.113.1/24 dev snoopkit &&
	ip link set snoopkit up && public=203.0.113.1 || public=
python3 -c 'import socket, sys
listener = socket.create_server((sys.argv[1], 0))
socket.create_connection(listener.getsockname())' "${public:-127.0.0.1}"
[ -z "$public" ] || out_soon ' 203\.0\.113\.1 '
stop
ip link delete snoopkit 2>/dev/null
if [ -n "$public" ]; then
	check '--public: a public address' out_has ' python3 .* 203\.0\.113\.1 '
else
	skip '--public: a public address' 'this kernel has no dummy interface'
fi
check '--public: no loopback' out_lacks ' 127\.0\.0\.1 '

# The shell connects a socket and sends nothing.
start tcpconnect --udp -L
check 'the columns with --udp' out_has '^PID     COMM         IP PROTO SADDR '
: >/dev/udp/127.0.0.1/9
: >/dev/udp/::1/9
connect plain
out_soon " $(of plain 5) *\$"
stop
check '--udp: IPv4' out_has "^$$ +[a-z.]+ +4  udp   127\.0\.0\.1 +[0-9]+ +127\.0\.0\.1 +9 *\$"
check '--udp: IPv6' out_has " 6  udp   ::1 +[0-9]+ +::1 +9 *\$"
check '--udp: TCP too' out_has " 4  tcp   127\.0\.0\.1 +$(of plain 4) +127\.0\.0\.1 +$(of plain 5) *\$"
if has_kprobes; then
	check '--udp: nothing to say' err_is_empty
else
	check '--udp: it says what it does not see' err_has '^tcpconnect: not seen on this kernel: UDP through io_uring$'
fi

start_headerless tcpconnect --json -r
connect mapped refused
out_soon "\"dport\":$(of refused 5)"
stop
check '--json' out_has "\"pid\":$(of mapped 2),\"tid\":$(of mapped 3),\"comm\":\"tcp_kinds\",\"ip\":4,\"protocol\":\"tcp\",\"saddr\":\"127.0.0.1\",\"lport\":$(of mapped 4),\"daddr\":\"127.0.0.1\",\"dport\":$(of mapped 5),\"ret\":0,\"ms\":[0-9.]+,\"result\":\"connected\""
check '--json: a failure' out_has "\"dport\":$(of refused 5),\"ret\":-111,.*\"result\":\"failed\""

# A resolver on loopback, and connects to what it said. All of 127.0.0.0/8 and ::1 is this machine.
start tcpconnect -d
check 'the columns with -d' out_has ' DPORT  QUERY$'
"$PROGRAMS/dns_answer" www.example.com 127.0.0.55 udp
"$PROGRAMS/dns_answer" over.tcp.example 127.0.0.56 tcp
"$PROGRAMS/dns_answer" large.example 127.0.0.57 large
"$PROGRAMS/dns_answer" "$(printf 'a\033[31m.example')" ::1 udp
"$PROGRAMS/dns_answer" 'like.example (7.000ms)' 127.0.0.59 udp
for address in 127.0.0.{55,56,57,58,59} ::1; do
	(: <"/dev/tcp/$address/1") 2>/dev/null
done
out_soon ' ::1 .* 1 '
stop
check '-d: by UDP' out_has ' 127\.0\.0\.55 +1 +www\.example\.com( \([0-9]+\.[0-9]{3}ms\))?$'
check '-d: by TCP' out_has ' 127\.0\.0\.56 +1 +over\.tcp\.example( |$)'
check '-d: above 512 bytes, in pieces' out_has ' 127\.0\.0\.57 +1 +large\.example( |$)'
check '-d: IPv6, and control bytes in a name' out_has ' ::1 +1 +a\\033\[31m\.example( |$)'
check '-d: a name that looks like an age' out_has ' 127\.0\.0\.59 +1 +like\.example\\040\(7\.000ms\)( \([0-9.]+ms\))?$'
check '-d: nothing to say' err_is_empty
check '-d: no such answer' out_has ' 127\.0\.0\.58 +1 +localhost$'

start_headerless tcpconnect -d --json
"$PROGRAMS/dns_answer" www.example.com 127.0.0.55 udp
(: <"/dev/tcp/127.0.0.55/1") 2>/dev/null
out_soon '"daddr":"127.0.0.55"'
stop
check '-d: in JSON' out_has '"daddr":"127.0.0.55".*"query":"www.example.com","query_age_ms":[0-9]'

# More answers than there is room for, while the tool can't read.
start tcpconnect -d
kill -STOP "$TOOL_PID"
"$PROGRAMS/dns_answer" flood.example 127.0.0.60 flood
kill -CONT "$TOOL_PID"
"$PROGRAMS/dns_answer" after.example 127.0.0.61 udp
(: <"/dev/tcp/127.0.0.61/1") 2>/dev/null
out_soon ' 127\.0\.0\.61 '
stop
check '-d: a flood, and what was not read is said' err_has '^tcpconnect: [0-9]+ packets of DNS were not read: names may be missing$'

# What is used where there is no such tracepoint, or where it may miss events.
if has_kprobes; then
	tcp_source connect-kprobe "$SCRATCH/kprobe.c"
	start tcpconnect --source "$SCRATCH/kprobe.c" -L -r
	connect "${TCP_KINDS[@]}" refused
	out_soon " $(of refused 5) +-111 "
	stop
	check_kinds shows_result 0
	tcp_source connect-exits "$SCRATCH/exits.c"
	start tcpconnect --source "$SCRATCH/exits.c" --udp
	: >/dev/udp/127.0.0.1/9
	connect plain
	out_soon " $(of plain 5) *\$"
	stop
	if err_has 'any UDP'; then
		skip '--udp by the exits of the syscalls' 'this kernel has no BTF'
	else
		check '--udp by the exits of the syscalls' out_has ' udp   127\.0\.0\.1 +127\.0\.0\.1 +9 *$'
	fi
fi

check '-c with -d' one_line_error 2 '-c and -d exclude each other' tcpconnect -c -d
check '-4 with -6' one_line_error 2 '-4 and -6 exclude each other' tcpconnect -4 -6
check 'a wrong port' one_line_error 2 "bad port '70000'" tcpconnect -P 80,70000
check 'a wrong range of ports' one_line_error 2 "bad port '79'" tcpconnect -P 80-79
check 'no port' one_line_error 2 "bad port ''" tcpconnect -P 80,
check 'a wrong PID' one_line_error 2 '.*PID' tcpconnect -p x
check 'an unknown user' one_line_error 2 '.*user' tcpconnect -u no-such-user
check 'an argument too many' one_line_error 2 '.*' tcpconnect more
finish
