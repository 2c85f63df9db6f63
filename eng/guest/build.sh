#!/usr/bin/env bash
# Makes the kernel and the initramfs of the guest in artifacts/guest, out of Debian packages and the .NET runtime of this
# machine. Does nothing when they are there already and nothing that they are made of has changed.
set -eu

root=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")")
here=$root/eng/guest
out=$root/artifacts/guest
modules="nfit nd_pmem libnvdimm dax_pmem device_dax virtio_pci virtio_blk crc32c_generic crc32c_intel xfs ext4"

dotnet=$(dirname -- "$(readlink -f -- "$(command -v dotnet)")")
runtime=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ { v = $2 } END { print v }')
stamp=$(cat "$here/build.sh" "$here/packages.txt" "$here/init" | sha256sum | cut -c1-16)-$runtime
if [ -f "$out/stamp" ] && [ "$(cat "$out/stamp")" = "$stamp" ]; then
    exit 0
fi

echo "adit: making the guest's kernel and initramfs (about 40 MB to fetch)" >&2
rm -rf "$out"
mkdir -p "$out/debs" "$out/kernel" "$out/root"
# apt fetches as a user of its own.
chmod 777 "$out/debs"
apt-get -q update >"$out/log" 2>&1 || true
kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
[ -n "$kernel" ] || { echo "adit: no package linux-image-cloud-amd64 is known here; run 'apt-get update'" >&2; exit 1; }
# shellcheck disable=SC2046 # a list of names
(cd "$out/debs" && timeout 600 apt-get -q download "$kernel" $(grep -v '^#' "$here/packages.txt") >>"$out/log" 2>&1) ||
    { tail -n 5 "$out/log" >&2; exit 1; }

for package in "$out/debs/"*.deb; do
    case "$package" in
    */linux-image-*) dpkg-deb -x "$package" "$out/kernel" ;;
    *) dpkg-deb -x "$package" "$out/root" ;;
    esac
done
version=$(ls "$out/kernel/lib/modules")
mv "$out/kernel/boot/vmlinuz-$version" "$out/vmlinuz"

# Only the modules in use, with those that they need.
depmod -b "$out/kernel" "$version"
guest_modules=$out/root/lib/modules/$version
for module in $modules; do
    modprobe -d "$out/kernel" -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
done | sort -u | while read -r file; do
    target=$guest_modules/${file#"$out/kernel/lib/modules/$version/"}
    mkdir -p "$(dirname "$target")"
    cp "$file" "$target"
done
cp "$out/kernel/lib/modules/$version/"modules.{order,builtin,builtin.modinfo} "$guest_modules/"
depmod -b "$out/root" "$version"

mkdir -p "$out/root"/{proc,sys,dev,tmp,mnt,app,usr/share/dotnet/shared/Microsoft.NETCore.App}
cp -r "$dotnet/host" "$dotnet/dotnet" "$out/root/usr/share/dotnet/"
cp -r "$dotnet/shared/Microsoft.NETCore.App/$runtime" "$out/root/usr/share/dotnet/shared/Microsoft.NETCore.App/"
rm -rf "$out/root/usr/share/doc" "$out/root/usr/share/man" "$out/root/usr/share/locale"
cp "$here/init" "$out/root/init"
chmod 755 "$out/root/init"
(cd "$out/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initramfs.gz"
rm -rf "$out/debs" "$out/kernel" "$out/root"
echo "$stamp" >"$out/stamp"
