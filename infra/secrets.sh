#!/usr/bin/env bash
# Makes the Secret "clonehub-secrets" of the overlays, once: passwords that nobody chooses, the master key, connection strings. Nothing is
# printed, nothing is an argument of a program, nothing lies in a file afterwards. What exists is left as it is: the master key may
# never be lost, and Redis and MariaDB keep the passwords that they were started with.
# Usage: infra/secrets.sh ENVIRONMENT   (kubectl and aws must reach the cluster and the account)
set -euo pipefail
umask 077
environment=${1:?Which environment? infra/secrets.sh staging|prod}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
values=$here/k8s/overlays/$environment/values.yaml
[[ -f $values ]] || { printf 'There is no %s.\n' "$values" >&2; exit 64; }

if [[ -n $(kubectl get secret clonehub-secrets --namespace clonehub --ignore-not-found --output name) ]]; then
    printf 'clonehub-secrets is there already and stays as it is.\n'
    exit 0
fi

value() { sed -n "s/^  \"\\{0,1\\}$1\"\\{0,1\\}: \"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" "$values"; }
random() { head -c 32 /dev/urandom | base64 | tr -d '=+/\n'; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

redis=$(random)
mariadb=$(random)
events=$(random)
postgresql_host=$(value postgresqlHost)
redis_host=$(value redisHost)
mariadb_host=$(value mariaDbHost)

printf '%s' "$redis" >"$work/redis-password"
printf 'requirepass %s\n' "$redis" >"$work/redis-auth"
printf '%s' "$mariadb" >"$work/mariadb-password"
printf '1:%s\n' "$(head -c 32 /dev/urandom | base64)" >"$work/master-key"
tls=false
[[ $(value redisDurability) == managed ]] && tls=true
printf '%s:6379,password=%s,ssl=%s,abortConnect=false' "$redis_host" "$redis" "$tls" >"$work/redis"
printf 'Server=%s;User ID=root;Password=%s' "$mariadb_host" "$mariadb" >"$work/mariadb"
printf 'Host=%s;Database=clonehub;Username=clonehub;Password=%s;SSL Mode=Require' "$postgresql_host" "$events" >"$work/postgresql"
# The account that the connection string names; database-account.sql is run once, by the administrator whose password AWS keeps.
printf "do \$\$ begin create role clonehub login; exception when duplicate_object then null; end \$\$;\nalter role clonehub password '%s';\ngrant create, connect on database clonehub to clonehub;\n" "$events" >"$work/database-account.sql"

kubectl create secret generic clonehub-secrets --namespace clonehub \
    --from-file="$work/redis-password" --from-file="$work/redis-auth" --from-file="$work/mariadb-password" --from-file="$work/master-key" \
    --from-file="$work/redis" --from-file="$work/mariadb" --from-file="$work/postgresql" --from-file="$work/database-account.sql" >/dev/null
printf 'clonehub-secrets is made. Next: the database account, see "First apply" in infra/README.md.\n'
