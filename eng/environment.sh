# Settings for every dotnet command of the scripts: quiet, and no build server that outlives its command
# (one that did would keep its caller's standard output open). Sourced; needs $root.

export DOTNET_NOLOGO=1
export DOTNET_CLI_TELEMETRY_OPTOUT=1
export DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_USE_MSBUILD_SERVER=0
export MSBUILDDISABLENODEREUSE=1
export UseSharedCompilation=false
export UseRazorBuildServer=false

if [ -z "${HOME-}" ]; then
    export DOTNET_CLI_HOME="$root/artifacts/home"
fi

if ! command -v dotnet >/dev/null 2>&1; then
    echo "adit: the .NET 10 SDK is missing: no 'dotnet' on the PATH. Install the package dotnet-sdk-10.0 of Microsoft's Debian repository." >&2
    exit 1
fi
