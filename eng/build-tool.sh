#!/bin/sh
# Builds the command in Release when a source is newer than the last build. Prints the compiler's output only when
# it fails. The stamp is taken before the build starts, so that a file saved meanwhile counts as newer.
set -u

root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
. "$root/eng/environment.sh"

stamp="$root/artifacts/adit.stamp"
dll="$root/artifacts/bin/Adit.Cli/release/Adit.Cli.dll"

is_current() {
    [ -e "$stamp" ] && [ -e "$dll" ] && [ -z "$(find \
        "$root/src" "$root/tests/Adit.TestKit" "$root/Directory.Build.props" "$root/Directory.Packages.props" \
        "$root/global.json" "$root/.globalconfig" -newer "$stamp" -print -quit 2>/dev/null)" ]
}

is_current && exit 0

if ! mkdir -p "$root/artifacts" 2>/dev/null || ! [ -w "$root/artifacts" ]; then
    echo "adit: cannot build: no permission to write $root/artifacts. Run ./adit once as the owner of the folder." >&2
    exit 1
fi

# One build at a time; the second comer finds the work done.
exec 9>"$root/artifacts/adit.lock"
flock 9
is_current && exit 0

[ -t 2 ] && echo "adit: building the tool ..." >&2
begun="$stamp.begun"
log="$root/artifacts/adit-build.log"
: >"$begun"
if dotnet build "$root/src/Adit.Cli/Adit.Cli.csproj" -c Release -v quiet -m:2 --disable-build-servers \
    -p:RunAnalyzers=false </dev/null >"$log" 2>&1 9>&-; then
    mv -f "$begun" "$stamp"
else
    cat "$log" >&2
    echo "adit: the build failed; its output is above and in $log" >&2
    exit 1
fi
