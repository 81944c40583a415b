#!/usr/bin/env bash
# The image of the Host without Docker: a root folder from Debian's own files and the .NET runtime of this machine, packed as an archive that
# `docker load`, containerd and podman take. For machines like this one only (one architecture); Dockerfile is the form for releases.
# Usage: infra/images/host/build.sh [FOLDER]   makes FOLDER/rootfs and FOLDER/host.tar
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
out=${1:-artifacts/images/host}
root=$out/rootfs
# What .NET opens: the C and C++ runtimes, TLS, certificates.
readonly PACKAGES=(libc6 libgcc-s1 libstdc++6 libssl3 ca-certificates)

rm -rf "$out"
mkdir -p "$root"/{app,tmp,proc,dev,sys,etc/ssl/certs,usr/share/dotnet/shared,usr/lib,usr/bin}
# As in Debian: /lib is /usr/lib.
for folder in lib lib64 bin; do
    mkdir -p "$root/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
done

dotnet publish src/CloneHub.Host -c Release -v q -nologo -o "$root/app" -p:UseAppHost=false

dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")
for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
    version=$(dotnet --list-runtimes | sed -n "s/^$framework \\(10\\.[^ ]*\\) .*/\\1/p" | sort -V | tail -1)
    mkdir -p "$root/usr/share/dotnet/shared/$framework"
    cp -a "$dotnet_root/shared/$framework/$version" "$root/usr/share/dotnet/shared/$framework/"
done
cp -a "$dotnet_root/dotnet" "$dotnet_root/host" "$dotnet_root/LICENSE.txt" "$dotnet_root/ThirdPartyNotices.txt" "$root/usr/share/dotnet/"
ln -s ../share/dotnet/dotnet "$root/usr/bin/dotnet"

for package in "${PACKAGES[@]}"; do
    dpkg-query -L "$package" | while IFS= read -r file; do
        [[ -d $file && ! -L $file ]] && continue
        case $file in */doc/* | */man/* | */locale/* | */gconv/* | */lintian/* | /usr/sbin/* | */ca-certificates/* | */debconf/*) continue ;; esac
        target=$file
        [[ $target == /lib* || $target == /bin/* ]] && target=/usr$target
        mkdir -p "$root$(dirname "$target")"
        cp -a "$file" "$root$target"
    done
done
# One file of all authorities, as OpenSSL looks for it.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
mkdir -p "$root/usr/lib/ssl"
ln -sfn /etc/ssl/certs "$root/usr/lib/ssl/certs"
ln -sfn /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
printf 'root:x:0:0:root:/:/sbin/nologin\napp:x:1654:1654:app:/tmp:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\napp:x:1654:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
chmod -R go=u-w "$root/app"

# The same files make the same archive: order, owner and time are fixed.
pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$1" -cf "$2" "${@:3}"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pack "$root" "$work/layer.tar" .
layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
cat >"$work/config.json" <<JSON
{"architecture":"$arch","os":"linux","created":"1970-01-01T00:00:00Z","config":{"User":"1654:1654","WorkingDir":"/app","Env":["PATH=/usr/bin","Urls=http://0.0.0.0:8080","DOTNET_EnableDiagnostics=0"],"Entrypoint":["dotnet","/app/CloneHub.Host.dll"],"ExposedPorts":{"8080/tcp":{}}},"rootfs":{"type":"layers","diff_ids":["sha256:$layer"]}}
JSON
printf '[{"Config":"config.json","RepoTags":["clonehub/host:dev"],"Layers":["layer.tar"]}]\n' >"$work/manifest.json"
pack "$work" "$out/host.tar" config.json layer.tar manifest.json
printf '%s: %s, layer sha256:%s\n' "$out/host.tar" "$(du -h "$out/host.tar" | cut -f1)" "$layer"
