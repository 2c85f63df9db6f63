#!/usr/bin/env bash
# Boots a guest with emulated NVDIMMs and runs tests/Adit.Guest in it: on ext4 and XFS mounted with DAX, and on a device-DAX
# device. Prints what it printed; the last line is "N passed, N failed". Software emulation: no /dev/kvm is needed.
set -eu

root=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")")
cd "$root"
. eng/environment.sh
limit_seconds=${ADIT_GUEST_LIMIT_SECONDS:-600}

sh eng/packages.sh guest
bash eng/guest/build.sh
build_log=$root/artifacts/guest/build.log
dotnet build tests/Adit.Guest/Adit.Guest.csproj -c Release -v quiet --disable-build-servers >"$build_log" 2>&1 </dev/null ||
    { grep -E ': (error|warning) ' "$build_log" | sort -u | head -n 20; exit 1; }

work=$(mktemp -d "${ADIT_TEST_ROOT:-/tmp}/adit-guest.XXXXXX")
guest=
end() {
    [ -z "$guest" ] || kill -KILL "$guest" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

# The program goes in as a second archive behind the first.
mkdir -p "$work/more/app"
cp -r artifacts/bin/Adit.Guest/release/. "$work/more/app/"
(cd "$work/more" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/more.gz"
cat artifacts/guest/initramfs.gz "$work/more.gz" >"$work/initramfs.gz"
rm -r "$work/more" "$work/more.gz"

# Three modules: a file system each, and a device. On memory, so that the host's disk does not matter.
memory=/dev/shm
[ "$(df --output=avail -k "$memory" | tail -n 1)" -gt $((1600 << 10)) ] || memory=$work
nvdimms=()
images=()
for i in 0 1 2; do
    image=$(mktemp "$memory/adit-nvdimm.XXXXXX")
    images+=("$image")
    truncate -s 512M "$image"
    nvdimms+=(-object "memory-backend-file,id=nv$i,share=on,mem-path=$image,size=512M" -device "nvdimm,id=nvd$i,memdev=nv$i")
done
end_all() {
    end
    rm -f "${images[@]}"
}
trap end_all EXIT

timeout -k 5 "$limit_seconds" qemu-system-x86_64 -machine q35,nvdimm=on,smm=off -accel tcg,thread=multi -cpu max,-erms,-fsrm -smp 2 \
    -m 2G,slots=4,maxmem=16G "${nvdimms[@]}" -kernel artifacts/guest/vmlinuz -initrd "$work/initramfs.gz" \
    -append "console=ttyS0 oops=panic panic=-1 quiet" -nographic -monitor none -no-reboot \
    -serial "file:$work/console" -serial "file:$work/result" </dev/null >"$work/qemu" 2>&1 &
guest=$!
wait "$guest" && code=0 || code=$?
guest=

touch "$work/result"
tr -d '\r' <"$work/result" | grep -v '^guest ended$' || true
failed=0
if ! grep -q '^guest ended' "$work/result"; then
    echo "Failed guest: it did not come to its end (exit $code)"
    tail -n 20 "$work/console" "$work/qemu" | tr -d '\r'
    failed=1
fi

tr -d '\r' <"$work/result" | awk -v f="$failed" '
    /^Passed guest\./ { p++ } /^Failed guest/ { f++ }
    END { if (p == 0) { f++ } printf "%d passed, %d failed\n", p, f; exit f > 0 }'
