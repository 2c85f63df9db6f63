# Finds and ends what a test run left behind. Sourced by test.sh and .ci/run (bash).
#
# Every process of a run carries ADIT_TEST_RUN=<unique id> in its environment, every process of one suite also
# ADIT_TEST_SUITE=<id>/<suite>. Every mount of a run lies under its ADIT_TEST_ROOT. Nothing here looks into a mounted
# folder: a mount whose server is gone or hangs would take this process with it.

# Processes whose environment has an entry that starts with $1, but for this shell and its parents.
marked_processes() {
    local entry=$1 file pid ancestors=" $$ $BASHPID "
    pid=$$
    while [ "$pid" -gt 1 ] 2>/dev/null; do
        pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status" 2>/dev/null)
        [ -n "$pid" ] || break
        ancestors="$ancestors$pid "
    done
    for file in $(grep -lzs -- "^$entry" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${file#/proc/}
        pid=${pid%/environ}
        case "$ancestors" in *" $pid "*) continue ;; esac
        [ "$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status" 2>/dev/null)" != $BASHPID ] || continue
        echo "$pid"
    done
}

# One line for each process given: what it is, its state, and where in the kernel it waits.
describe_processes() {
    local pid
    for pid in "$@"; do
        printf '    pid %s, state %s, waits in %s: %.200s\n' "$pid" \
            "$(awk '$1 == "State:" { print $2 }' "/proc/$pid/status" 2>/dev/null)" \
            "$(cat "/proc/$pid/wchan" 2>/dev/null)" \
            "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
    done
}

# Mount points under folder $1, the innermost first.
mounts_under() {
    awk -v root="$1/" '{ gsub(/\\040/, " ", $5); if (index($5 "/", root) == 1) print $5 }' /proc/self/mountinfo | tac
}

# Ends the processes marked $1: asks, waits up to 3 s, then kills.
end_marked_processes() {
    local entry=$1 pids
    pids=$(marked_processes "$entry")
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086 # a list of pids
    kill -TERM $pids 2>/dev/null
    for _ in 1 2 3 4 5 6; do
        sleep 0.5
        pids=$(marked_processes "$entry")
        [ -n "$pids" ] || return 0
    done
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null
    sleep 0.5
}

# Takes away the mounts under folder $1. The forced try also aborts the FUSE connection, so that clients get an error
# instead of waiting for a server that does not answer.
end_mounts_under() {
    local point
    while read -r point; do
        timeout -k 2 10 umount -c -i -f "$point" </dev/null >/dev/null 2>&1 ||
            timeout -k 2 10 umount -c -i -l "$point" </dev/null >/dev/null 2>&1 ||
            timeout -k 2 10 fusermount3 -u -z "$point" </dev/null >/dev/null 2>&1
    done < <(mounts_under "$1")
}

# Removes folder $1 when nothing is mounted in it any more.
remove_test_root() {
    [ -n "$1" ] && [ -d "$1" ] || return 0
    if [ -z "$(mounts_under "$1")" ]; then
        timeout -k 2 60 rm -rf --one-file-system -- "$1"
    fi
}
