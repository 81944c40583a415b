#!/usr/bin/env bash
# The image localhost/clonehub/host:dev without Docker: a root folder from Debian's own files and the .NET runtime of this machine, packed as an archive that
# `docker load`, containerd and podman take. For machines like this one only (one architecture); Dockerfile is the form for releases.
# Usage: infra/images/host/build.sh [FOLDER]   makes FOLDER/rootfs and FOLDER/host.tar
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
. infra/images/archive.sh
out=${1:-artifacts/images/host}
root=$out/rootfs
# What .NET opens: the C and C++ runtimes, TLS, certificates.
readonly PACKAGES=(libc6 libgcc-s1 libstdc++6 libssl3 ca-certificates)

mkdir -p "$out"
make_root "$root"
mkdir -p "$root"/{app,etc/ssl/certs,usr/share/dotnet/shared}

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
name_user "$root" app 1654 1654
chmod -R go=u-w "$root/app"

make_archive "$root" "$out/host.tar" localhost/clonehub/host:dev \
    '{"User":"1654:1654","WorkingDir":"/app","Env":["PATH=/usr/bin","Urls=http://0.0.0.0:8080","DOTNET_EnableDiagnostics=0"],"Entrypoint":["dotnet","/app/CloneHub.Host.dll"],"ExposedPorts":{"8080/tcp":{}}}'
