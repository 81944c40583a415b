#!/usr/bin/env bash
# Images of Redis, MariaDB and PostgreSQL from the programs that this machine has (Debian's), for a cluster that reaches no registry. They take the settings of
# the public images that the overlays name, as far as the overlays use them. For tests and trials on one machine, not for anything else.
# Usage: infra/images/stores/build.sh [FOLDER]   makes FOLDER/redis.tar, mariadb.tar and postgresql.tar
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
export PATH=$PATH:/usr/sbin:/sbin
. infra/images/archive.sh
files=infra/images/stores/files
out=${1:-artifacts/images/stores}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly SHELL_AND_TOOLS=(dash cat chmod cp grep mkdir)

begin() { # NAME USER GROUP PROGRAM...
    root=$work/$1
    make_root "$root"
    name_user "$root" "$1" "$2" "$3"
    copy_programs "$root" "${SHELL_AND_TOOLS[@]}" "${@:4}"
    ln -s dash "$root/usr/bin/sh"
}

begin redis 999 1000 redis-server redis-cli
make_archive "$root" "$out/redis.tar" localhost/clonehub/redis:dev '{"User":"999:1000","Env":["PATH=/usr/bin:/usr/sbin"],"Entrypoint":["redis-server"],"ExposedPorts":{"6379/tcp":{}}}'

begin mariadb 999 999 mariadbd mariadb mariadb-admin
install -m 755 "$files/mariadb" "$root/usr/bin/start"
install -m 755 "$files/healthcheck.sh" "$root/usr/bin/"
mkdir -p "$root"/etc/mysql/conf.d "$root"/usr/share/mysql "$root"/usr/share/clonehub
cp -rL /usr/share/mysql/{charsets,english} "$root/usr/share/mysql/"
# The system's tables, made once and not at each start.
mariadb-install-db --no-defaults --datadir="$root/usr/share/clonehub/mysql" --skip-test-db --innodb-log-file-size=8M --user="$(id -un)" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
chmod -R u=rwX,go=rX "$root/usr/share/clonehub"
make_archive "$root" "$out/mariadb.tar" localhost/clonehub/mariadb:dev '{"User":"999:999","Env":["PATH=/usr/bin:/usr/sbin"],"Entrypoint":["start"],"ExposedPorts":{"3306/tcp":{}}}'

version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -1)
begin postgres 70 70
copy_programs "$root" "/usr/lib/postgresql/$version/bin"/{initdb,postgres,psql,pg_isready}
install -m 755 "$files/postgresql" "$root/usr/bin/start"
for folder in "/usr/lib/postgresql/$version/lib" "/usr/share/postgresql/$version"; do
    mkdir -p "$root$folder"
    cp -rL "$folder/." "$root$folder/"
done
rm -rf "$root/usr/share/postgresql/$version/man" "$root/usr/lib/postgresql/$version/lib/"{bitcode,llvmjit*,pgxs}
mkdir -p "$root/usr/share/zoneinfo" "$root/usr/lib/locale"
cp -rL /usr/share/zoneinfo/{UTC,Etc} "$root/usr/share/zoneinfo/"
cp -rL /usr/lib/locale/C.utf8 "$root/usr/lib/locale/"
make_archive "$root" "$out/postgresql.tar" localhost/clonehub/postgresql:dev \
    "{\"User\":\"70:70\",\"Env\":[\"PATH=/usr/lib/postgresql/$version/bin:/usr/bin:/usr/sbin\"],\"Entrypoint\":[\"start\"],\"ExposedPorts\":{\"5432/tcp\":{}}}"
