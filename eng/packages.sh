#!/bin/sh
# Installs the Debian packages of eng/packages.txt that are missing. Usage: packages.sh up|test|guest
# Asks the network only when something is missing; says what to do when it may not or cannot install.
set -u

purpose=${1:?usage: packages.sh up|test|guest}
root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "adit: not a Debian system: make sure that these are installed: $(awk '!/^#/ && NF { print $1 }' "$root/eng/packages.txt" | tr '\n' ' ')" >&2
    exit 0
fi

missing=
while read -r name needed_by _; do
    case "$name" in '' | '#'*) continue ;; esac
    case "$purpose:$needed_by" in *:up | test:test | guest:*) ;; *) continue ;; esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing="$missing $name"
done <"$root/eng/packages.txt"

[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "adit: these packages are missing:$missing" >&2
    echo "adit: run once as root: apt-get install$missing" >&2
    exit 1
fi

echo "adit: installing$missing" >&2
log=$(mktemp) || exit 1
export DEBIAN_FRONTEND=noninteractive
# A second try after a short wait: another apt may have held the lock.
for try in 1 2; do
    # shellcheck disable=SC2086 # a list of names
    if timeout 300 apt-get -q -o DPkg::Lock::Timeout=120 update </dev/null >"$log" 2>&1 &&
        timeout 300 apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $missing </dev/null >>"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    [ "$try" = 2 ] || sleep 5
done
tail -n 20 "$log" >&2
rm -f "$log"
echo "adit: could not install$missing (the output of apt-get is above). Is there a network? Install them by hand and run this again." >&2
exit 1
