#!/usr/bin/env bash
# Runs what build.sh made as the manifests run it: user 1654, nothing to write but /tmp, no capabilities. Needs root, for chroot.
# Usage: infra/images/host/smoke.sh [FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
root=$(readlink -f "${1:-artifacts/images/host}/rootfs")
((EUID == 0)) || { printf 'smoke.sh needs root, for chroot.\n' >&2; exit 64; }

# COMMAND...: in the image, read only, with a /tmp of its own and the network of this machine.
inside() {
    unshare --mount --pid --fork --kill-child bash -ec '
        root=$1; shift
        mount --bind "$root" "$root"
        mount -o remount,bind,ro "$root"
        mount -t tmpfs tmpfs "$root/tmp"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec setpriv --no-new-privs chroot --userspec 1654:1654 "$root" "$@"
    ' smoke "$root" "$@"
}
host() { inside /usr/bin/dotnet /app/CloneHub.Host.dll "$@"; }
fail() {
    printf 'smoke: %s\n' "$1" >&2
    exit 1
}

[[ $(host new-api-key --tenant smoke) == *Sha256* ]] || fail "new-api-key printed no hash."

status=0
said=$(host 2>&1) || status=$?
[[ $status == 78 && $said == *"CloneHub:PostgreSql:ConnectionString"* ]] || fail "without settings it ended with $status: $said"

# No store answers: it lives, is not ready, and says why.
log=$(mktemp)
port=$((20000 + RANDOM % 20000))
export Urls=http://127.0.0.1:$port CloneHub__MasterKeyFile=/tmp/key CloneHub__PostgreSql__ConnectionString='Host=127.0.0.1;Port=1;Username=x;Database=x;Timeout=2'
export CloneHub__Redis__ConnectionString='127.0.0.1:1,abortConnect=false' CloneHub__Local__MariaDb='Server=127.0.0.1;Port=1;User ID=x'
export CloneHub__Local__StateDirectory=/tmp/state CloneHub__Local__SocketDirectory=/tmp/run CloneHub__Local__CoreStore=/tmp/cores
# The image has neither, because its clones are pods; the back end of one machine only asks whether they exist.
export CloneHub__Local__PhpFpm=/usr/bin/dotnet CloneHub__Local__Nginx=/usr/bin/dotnet
host >"$log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 60); do
    live=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/health/live" || true)
    [[ $live == 200 ]] && break
    kill -0 "$pid" 2>/dev/null || fail "it ended: $(tail -5 "$log")"
    sleep 0.5
done
[[ $live == 200 ]] || fail "/health/live answered $live: $(tail -5 "$log")"
ready=$(curl -s -w ' %{http_code}' "http://127.0.0.1:$port/health/ready")
[[ $ready == *redis* && $ready == *503 ]] || fail "/health/ready answered $ready"
[[ $(curl -s "http://127.0.0.1:$port/openapi/v1.json") == *'"openapi"'* ]] || fail "the description of the API is not served."
printf 'smoke: the image lives as user 1654 on a read-only root; %s\n' "$(du -sh "$root" | cut -f1)"
