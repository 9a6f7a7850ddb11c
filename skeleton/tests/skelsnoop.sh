#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR/../../tests/tools source=lib.sh
. "$(dirname "$0")/lib.sh"

start skelsnoop -l -U
bash -c 'exit 3' &
wait $!
pid=$!
check 'the end of a process' out_soon "^0 +$pid +$pid +bash +768$"
stop
check 'nothing is said' err_is_empty
check 'status 0' [ "$STATUS" -eq 0 ]

start_headerless skelsnoop --json -u root --where 'status=1024'
bash -c 'exit 4' &
wait $!
pid=$!
check 'JSON' out_soon "\"pid\":$pid,\"tid\":$pid,\"comm\":\"bash\",\"status\":1024"
stop
check 'a bad PID' one_line_error 2 "bad PID 'x'" skelsnoop -p x
finish
