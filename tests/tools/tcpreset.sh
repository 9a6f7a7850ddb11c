#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tcpreset: what it shows of scans of closed ports, for each option.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A thousand ports where nobody listens, below those that the kernel chooses itself.
FIRST=10000
PORTS=1000
SCANNER=127.0.0.77
! is_emulated || PORTS=300

scan() { # KIND [FROM TO [FIRST COUNT]]
	"$PROGRAMS/scan" "$1" "${2:-$SCANNER}" "${3:-127.0.0.1}" "${4:-$FIRST}" "${5:-1}"
}

# Shown after what comes before it.
LAST=$((FIRST + PORTS + 1))
scan_last() {
	scan syn "$SCANNER" 127.0.0.1 $LAST
	out_soon " $LAST +$SCANNER "
}

# The tracepoint knows a reason since 6.10, kprobes don't.
REASON='([A-Z_]+|-)'
has_kprobes || REASON='[A-Z_]+'
! linux_before 6.10 || REASON=-

four_scans() { # FROM TO
	local kind
	for kind in syn fin null xmas; do
		scan $kind "$1" "$2" $FIRST $PORTS
	done
}

start tcpreset
check 'the columns' out_has '^TIME     LADDR          LPORT  RADDR          RPORT *$'
scan syn
scan fin ::1 ::1
scan rst "$SCANNER" 127.0.0.1 $((FIRST + 1))
scan udp "$SCANNER" 127.0.0.1 $((FIRST + 2))
scan_last
stop
check 'a closed port' out_has "^[0-9:]{8} 127\.0\.0\.1      $FIRST  127\.0\.0\.77     31007 *\$"
check 'IPv6' out_has "^[0-9:]{8} ::1            $FIRST  ::1            31007 *\$"
check 'a reset is not answered' out_lacks " $((FIRST + 1)) "
check 'UDP is not shown' out_lacks " $((FIRST + 2)) "
check 'it ends with status 0' [ "$STATUS" -eq 0 ]
check 'nothing to say' err_is_empty

start tcpreset -x -r -u
check 'the columns with -x and -r' out_has ' RPORT  STATE       REASON                   FLAGS       INTERFACE$'
for kind in syn fin null xmas udp; do scan $kind; done
scan udp ::1 ::1
connect refused
"$PROGRAMS/tcp_kinds" storm 1 >>"$MADE"
scan_last
stop
refused=$(of refused 5) storm=$(of storm 5)
check '-x: SYN' out_has " sent     127\.0\.0\.1 +$FIRST +127\.0\.0\.77 +31007 +- +$REASON +SYN +lo *\$"
check '-x: FIN' out_has " $FIRST +127\.0\.0\.77 +31007 +- +$REASON +FIN +lo *\$"
check '-x: NULL' out_has " $FIRST +127\.0\.0\.77 +31007 +- +$REASON +NULL +lo *\$"
check '-x: Xmas' out_has " $FIRST +127\.0\.0\.77 +31007 +- +$REASON +FIN,PSH,URG +lo *\$"
check '-u: IPv4' out_has " udp      127\.0\.0\.1 +$FIRST +127\.0\.0\.77 "
check '-u: IPv6' out_has " udp      ::1 +$FIRST +::1 "
check '-r: a refused connect' out_has " received 127\.0\.0\.1 +[0-9]+ +127\.0\.0\.1 +$refused +SYN_SENT +- "
check 'a connection that its program resets' out_has " sent     127\.0\.0\.1 +[0-9]+ +127\.0\.0\.1 +$storm +[A-Z_0-9]+ +[A-Z_-]+ +- +- *\$"
check '-r: its other end' out_has " received 127\.0\.0\.1 +$storm +127\.0\.0\.1 +[0-9]+ +[A-Z_0-9]+ +- "

start tcpreset
four_scans $SCANNER 127.0.0.1
scan_last
stop
check "four scans of $PORTS ports, none missing" out_lines " 127\.0\.0\.77 +31007 *\$" $((4 * PORTS + 1))
check 'none was lost' err_is_empty

start tcpreset -c -u
check 'the columns with -c' out_has '^RADDR                       RESETS  PORTS FIRST    LAST     SCAN$'
four_scans $SCANNER 127.0.0.1
four_scans ::1 ::1
scan udp 127.0.0.78 127.0.0.1 $FIRST 3
scan syn 127.0.0.79
stop
check "-c: four scans of $PORTS ports" out_has "^127\.0\.0\.77 +$((4 * PORTS)) +$PORTS [0-9:]{8} [0-9:]{8} SYN,FIN,NULL,Xmas\$"
check '-c: IPv6' out_has "^::1 +$((4 * PORTS)) +$PORTS .* SYN,FIN,NULL,Xmas\$"
check '-c: UDP' out_has '^127\.0\.0\.78 +[1-3] +[1-3] .* UDP$'
check '-c: a single packet' out_has '^127\.0\.0\.79 +1 +1 .* SYN$'
check '-c: the most first' [ "$(tail -n 1 "$OUT" | awk '{ print $2 }')" -eq 1 ]

start tcpreset -c -i 0.5
scan syn 127.0.0.79
scan syn 127.0.0.79
out_soon '^127\.0\.0\.79 +2 +1 '
scan fin 127.0.0.79
out_soon '^127\.0\.0\.79 +1 +1 .* FIN$'
stop
check '-i: counts begin anew' out_has '^127\.0\.0\.79 +1 +1 .* FIN$'

start tcpreset -a 127.0.0.76/31 -P $FIRST-$LAST -4
scan syn 127.0.0.76
scan syn 127.0.0.78
scan syn ::1 ::1
scan syn $SCANNER 127.0.0.1 $((LAST + 1))
scan_last
stop
check '-a, -P and -4: what is wanted' out_has " $FIRST +127\.0\.0\.76 "
check '-a, -P and -4 leave the rest out' [ "$(wc -l <"$OUT")" -eq 3 ]

start tcpreset -a ::1
scan syn
scan syn ::1 ::1
out_soon ' ::1 '
stop
check '-a: IPv6' [ "$(wc -l <"$OUT")" -eq 2 ]

start_headerless tcpreset --json
scan xmas
out_soon '"raddr":"127.0.0.77"'
stop
check '--json' out_has "\"direction\":\"sent\",\"ip\":4,\"laddr\":\"127.0.0.1\",\"lport\":$FIRST,\"raddr\":\"127.0.0.77\",\"rport\":31007,\"state\":null,\"reason\":[^,]+,\"flags\":\"FIN,PSH,URG\",\"scan\":\"Xmas\",\"interface\":\"lo\""

# fallback NAME SOURCE: what is used where there are no better probes.
fallback() {
	tcp_source "$2" "$SCRATCH/$1.c"
	start tcpreset -x -r -u --source "$SCRATCH/$1.c"
	scan syn
	scan fin ::1 ::1
	scan rst "$SCANNER" 127.0.0.1 $((FIRST + 1))
	scan udp
	connect refused
	"$PROGRAMS/tcp_kinds" storm 1 >>"$MADE"
	out_soon " sent .* $(of storm 5) +[A-Z]"
	stop
	if err_has 'resets sent from closed ports'; then
		skip "$1: a closed port" 'this kernel tells nothing of it'
	else
		check "$1: a closed port" out_has " sent     127\.0\.0\.1 +$FIRST +127\.0\.0\.77 +31007 +- +- +SYN +lo"
		check "$1: IPv6" out_has " sent     ::1 +$FIRST +::1 +31007 +- +- +FIN +lo"
	fi
	check "$1: a reset is not answered" out_lacks " sent .* $((FIRST + 1)) "
	check "$1: -u" out_has " udp      127\.0\.0\.1 +$FIRST "
	check "$1: -r" out_has " received 127\.0\.0\.1 +[0-9]+ +127\.0\.0\.1 +$(of refused 5) +SYN_SENT "
}
! has_kprobes || fallback 'by kprobes' reset-kprobes
fallback 'by dropped packets' reset-dropped
tcp_source reset-alone "$SCRATCH/without.c"
start tcpreset --source "$SCRATCH/without.c"
scan syn
"$PROGRAMS/tcp_kinds" storm 1 >"$MADE"
out_soon " $(of storm 5) *\$"
stop
check 'it says what the tracepoint alone does not see' err_has '^tcpreset: not seen on this kernel: resets sent from closed ports$'

check 'a wrong prefix' one_line_error 2 "bad prefix '10\.0\.0\.0/33': not ADDRESS or ADDRESS/BITS" tcpreset -a 10.0.0.0/33
check 'no address' one_line_error 2 "bad prefix 'x/8'" tcpreset -a x/8
check 'no bits' one_line_error 2 "bad prefix '::/'" tcpreset -a ::/
check '-i without -c' one_line_error 2 '-i .* needs -c' tcpreset -i 1
check '-4 with -6' one_line_error 2 '-4 and -6 exclude each other' tcpreset -4 -6
check 'an argument too many' one_line_error 2 '.*' tcpreset more
finish
