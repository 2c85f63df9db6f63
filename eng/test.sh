#!/usr/bin/env bash
# Builds and runs every test project in Debug and Release. The last line printed is "N passed, N failed, N skipped".
# A suite that runs out of time, crashes, runs no test or leaves a process or a mount behind counts as failed.
set -u

usage() {
    cat <<'END'
Usage: ./adit test [--long] [--guest] [--configuration Debug|Release] [--suite NAME] [--jobs N]

Builds and runs every test in Debug and Release. Installs the Debian packages that the tests need (as root).

  --long               also the campaigns, which take hours
  --guest              also the checks on real interfaces of persistent memory: boots a guest with emulated NVDIMMs,
                       which has ext4 and XFS mounted with DAX and a device-DAX device (fetches about 75 MB once)
  --configuration C    one configuration only
  --suite NAME         only the suites whose name contains NAME; may be repeated
  --jobs N             suites at a time (default 2; 1 with --long)

Logs are in artifacts/test-logs. The exit code is 0 when everything passed.

Example: ./adit test --configuration Release --suite Metadata
END
}

root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
cd "$root" || exit 1
. eng/environment.sh
. eng/cleanup.sh

configurations="Debug Release"
wanted=()
jobs_at_once=
long=
guest=
while [ $# -gt 0 ]; do
    case "$1" in
    --long) long=1 ;;
    --guest) guest=1 ;;
    --configuration) configurations=${2:-}; shift ;;
    --suite) wanted+=("${2:-}"); shift ;;
    --jobs) jobs_at_once=${2:-}; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "adit test: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift || { usage >&2; exit 2; }
done
case "$configurations" in Debug | Release | "Debug Release") ;; *) usage >&2; exit 2 ;; esac
[ -n "$jobs_at_once" ] || jobs_at_once=$([ -n "$long" ] && echo 1 || echo 2)
case "$jobs_at_once" in '' | 0 | *[!0-9]*) usage >&2; exit 2 ;; esac

exec </dev/null

export ADIT_TEST_RUN=${ADIT_TEST_RUN:-$(cat /proc/sys/kernel/random/uuid)}
own_root=
if [ -z "${ADIT_TEST_ROOT-}" ]; then
    own_root=$(mktemp -d /tmp/adit-test.XXXXXX) || exit 1
    export ADIT_TEST_ROOT=$own_root
fi
mkdir -p "$ADIT_TEST_ROOT" || exit 1

# Some tests are another user's for a while.
chmod a+x "$ADIT_TEST_ROOT"

if [ -n "$long" ]; then
    filter=() limit_seconds=14400 hang_timeout=60m
else
    filter=(--filter 'Tier!=long') limit_seconds=420 hang_timeout=150s
fi

logs="$root/artifacts/test-logs"
results=${ADIT_TEST_RESULTS:-$logs/results}
rm -rf "$logs"
mkdir -p "$logs" || exit 1
: >"$results"

# Adds up the results so far and prints the last line; the exit code follows it.
conclude() {
    awk '{ p += $3; f += $4; s += $5 }
        END {
            if (p + f + s == 0) { f = 1 }
            printf "%d passed, %d failed, %d skipped\n", p, f, s
            exit (f > 0 || p == 0)
        }' "$results"
}

interrupted() {
    trap '' INT TERM HUP
    echo "interrupted"
    # shellcheck disable=SC2046 # a list of pids
    kill -KILL $(jobs -rp) 2>/dev/null
    echo "run - 0 1 0 0" >>"$results"
    end_marked_processes "ADIT_TEST_SUITE=$ADIT_TEST_RUN/"
    end_mounts_under "$ADIT_TEST_ROOT"
    remove_test_root "$own_root"
    conclude
    exit 1
}
trap interrupted INT TERM HUP

fail_early() {
    echo "$1"
    echo "run - 0 1 0 0" >>"$results"
    remove_test_root "$own_root"
    conclude
    exit 1
}

# Runs a command that may take $1 seconds with its output in log $2.
run_logged() {
    local limit=$1 log=$2
    shift 2
    ADIT_TEST_SUITE="$ADIT_TEST_RUN/build" timeout -k 10 "$limit" "$@" </dev/null >"$log" 2>&1
}

sh eng/packages.sh test || fail_early "packages are missing"

begun=$SECONDS
run_logged 300 "$logs/restore.log" dotnet restore Adit.slnx -v quiet --disable-build-servers ||
    { tail -n 20 "$logs/restore.log"; fail_early "restoring the packages of NuGet failed"; }
# The analyzers look at the sources once: they are the same in each configuration.
analyzers=
for configuration in $configurations; do
    # shellcheck disable=SC2086
    if ! run_logged 600 "$logs/build.$configuration.log" dotnet build Adit.slnx -c "$configuration" --no-restore \
        -v quiet -m:2 --disable-build-servers $analyzers; then
        grep -E ': (error|warning) ' "$logs/build.$configuration.log" | sort -u | head -n 40
        fail_early "the $configuration build failed; all of its output is in $logs/build.$configuration.log"
    fi
    analyzers=-p:RunAnalyzers=false
done
printf '%-32s %-8s %35s %5d s\n' "build" "" "" $((SECONDS - begun))

# Names and messages of the failed tests of a log.
print_failures() {
    awk '
        /^  (Passed|Failed|Skipped) .*\[.*\]$/ { show = /^  Failed /; lines = 0 }
        /^(Test Run|Total tests:|The active|Attachments:)/ { show = 0 }
        show && (/^  Standard Output Messages:/ || /^  Stack Trace:/) { lines += 8 }
        show && ++lines <= 30 { print "   " $0 }' "$1"
    grep -E -A12 '^(The active test run was aborted|Test host process crashed|The test running when)' "$1" | head -n 30 | sed 's/^/    /'
}

# Runs one suite in one configuration, prints its line and its failures, adds it to the results.
run_suite() {
    local name=$1 configuration=$2
    local log="$logs/$name.$configuration.log" report="$logs/$name.$configuration.report"
    local marker="$ADIT_TEST_RUN/$name.$configuration" started=$SECONDS
    local folder="$ADIT_TEST_ROOT/$name.$configuration"
    local dll="$root/artifacts/bin/$name/${configuration,,}/$name.dll"
    local code passed failed skipped note="" left

    mkdir -p "$folder"
    chmod a+x "$folder"
    ADIT_TEST_SUITE=$marker ADIT_TEST_ROOT=$folder timeout -k 10 "$limit_seconds" \
        dotnet test "$dll" "${filter[@]}" --logger 'console;verbosity=normal' --results-directory "$logs/results.$name.$configuration" \
        --blame-hang --blame-hang-timeout "$hang_timeout" --blame-hang-dump-type mini </dev/null >"$log" 2>&1
    code=$?
    # What counts is the name of the test that hung; the dump ("none" is not honoured) would only fill the disk.
    find "$logs/results.$name.$configuration" -name '*.dmp' -delete 2>/dev/null

    read -r passed failed skipped < <(awk '
        /^  Passed .*\[.*\]$/ { p++ } /^  Failed .*\[.*\]$/ { f++ } /^  Skipped .*\[.*\]$/ { s++ }
        /^Total tests:/ { tp = tf = ts = 0; summed = 1 }
        summed && /^ +Passed: [0-9]+$/ { tp = $2 } summed && /^ +Failed: [0-9]+$/ { tf = $2 } summed && /^ +Skipped: [0-9]+$/ { ts = $2 }
        END { if (summed) { p = tp; f = tf; s = ts } print p + 0, f + 0, s + 0 }' "$log")

    if [ $code = 124 ] || [ $code = 137 ]; then
        note="out of time after $limit_seconds s"
    elif [ $code != 0 ] && [ "$failed" = 0 ]; then
        note="the test run ended with code $code"
    elif [ $((passed + failed + skipped)) = 0 ] && ! grep -q 'No test matches the given testcase filter' "$log"; then
        note="no test ran"
    fi
    [ -z "$note" ] || failed=$((failed + 1))

    left=$(marked_processes "ADIT_TEST_SUITE=$marker")
    if [ -n "$left" ]; then
        # A process that is just ending is not left over.
        sleep 1
        left=$(marked_processes "ADIT_TEST_SUITE=$marker")
    fi
    {
        printf '%-32s %-8s %5d passed %5d failed %4d skipped %5d s\n' "$name" "$configuration" \
            "$passed" "$failed" "$skipped" $((SECONDS - started))
        if [ -n "$note" ]; then
            echo "    FAILED: $note; the end of $log:"
            tail -n 4 "$log" | sed 's/^/        /'
        fi
        if [ -n "$left" ] || [ -n "$(mounts_under "$folder")" ]; then
            failed=$((failed + 1))
            echo "    FAILED: the suite left behind:"
            # shellcheck disable=SC2086 # a list of pids
            describe_processes $left
            mounts_under "$folder" | sed 's/^/    mount /'
        fi
        [ "$failed" = 0 ] || print_failures "$log"
    } >"$report"
    end_marked_processes "ADIT_TEST_SUITE=$marker"
    end_mounts_under "$folder"
    remove_test_root "$folder"
    echo "$name $configuration $passed $failed $skipped $((SECONDS - started))" >>"$results"
    cat "$report"
}

suites=()
for project in tests/*.Tests/*.Tests.csproj; do
    [ -e "$project" ] || continue
    name=$(basename "$project" .csproj)
    if [ ${#wanted[@]} -gt 0 ]; then
        for want in "${wanted[@]}"; do
            case "$name" in *"$want"*) suites+=("$name"); break ;; esac
        done
    else
        suites+=("$name")
    fi
done
[ ${#suites[@]} -gt 0 ] || fail_early "no test suite is named so"

for configuration in $configurations; do
    for name in "${suites[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs_at_once" ]; do
            wait -n
        done
        run_suite "$name" "$configuration" &
    done
done
wait

if [ -n "$guest" ]; then
    started=$SECONDS
    guest_log=$logs/guest.log
    ADIT_TEST_SUITE="$ADIT_TEST_RUN/guest" timeout -k 10 900 bash eng/guest/run.sh </dev/null >"$guest_log" 2>&1 || true
    read -r passed failed < <(tail -n 1 "$guest_log" | awk '/^[0-9]+ passed, [0-9]+ failed$/ { print $1, $3; n = 1 } END { if (!n) print 0, 1 }')
    printf '%-32s %-8s %5d passed %5d failed %4d skipped %5d s\n' guest Release "$passed" "$failed" 0 $((SECONDS - started))
    [ "$failed" = 0 ] || { grep -A6 '^Failed' "$guest_log" || tail -n 20 "$guest_log"; } | sed 's/^/    /'
    echo "guest Release $passed $failed 0 $((SECONDS - started))" >>"$results"
fi

left=$(marked_processes "ADIT_TEST_SUITE=$ADIT_TEST_RUN/")
if [ -n "$left" ] || [ -n "$(mounts_under "$ADIT_TEST_ROOT")" ]; then
    echo "FAILED: left behind by the run:"
    # shellcheck disable=SC2086
    describe_processes $left
    mounts_under "$ADIT_TEST_ROOT"
    echo "run - 0 1 0 0" >>"$results"
    end_marked_processes "ADIT_TEST_SUITE=$ADIT_TEST_RUN/"
    end_mounts_under "$ADIT_TEST_ROOT"
fi
remove_test_root "$own_root"
trap - INT TERM HUP
echo "total $((SECONDS - begun)) s"
conclude
