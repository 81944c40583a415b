#!/usr/bin/env bash
# Makes the Secret "clonehub-secrets" of the overlays, once: passwords that nobody chooses, the master key, connection strings. Nothing is
# printed, nothing is an argument of a program, nothing lies in a file afterwards. What exists is left as it is: the master key may
# never be lost, and Redis and MariaDB keep the passwords that they were started with.
# Usage: infra/secrets.sh ENVIRONMENT   (kubectl must reach the cluster)
set -euo pipefail
umask 077
environment=${1:?Which environment? infra/secrets.sh local|staging|prod}
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
[[ $postgresql_host != *.example ]] || { printf '%s is nobody'"'"'s: terraform output -raw overlay_values > %s\n' "$postgresql_host" "$values" >&2; exit 1; }

printf '%s' "$redis" >"$work/redis-password"
printf 'requirepass %s\n' "$redis" >"$work/redis-auth"
printf '%s' "$mariadb" >"$work/mariadb-password"
printf '1:%s\n' "$(head -c 32 /dev/urandom | base64)" >"$work/master-key"
tls=false
[[ $(value redisDurability) == managed ]] && tls=true
printf '%s:6379,password=%s,ssl=%s,abortConnect=false' "$redis_host" "$redis" "$tls" >"$work/redis"
# RDS keeps the password of its administrator itself, so there we have an account of our own.
mariadb_user=root
[[ $mariadb_host == clone-db.clonehub.svc ]] || mariadb_user=clonehub
printf 'Server=%s;User ID=%s;Password=%s' "$mariadb_host" "$mariadb_user" "$mariadb" >"$work/mariadb"
accounts=()
if [[ $postgresql_host == postgresql.clonehub.svc ]]; then
    # Our own makes its account itself, and has no certificate.
    printf '%s' "$events" >"$work/postgresql-password"
    printf 'Host=%s;Database=clonehub;Username=clonehub;Password=%s' "$postgresql_host" "$events" >"$work/postgresql"
    accounts+=(--from-file="$work/postgresql-password")
else
    printf 'Host=%s;Database=clonehub;Username=clonehub;Password=%s;SSL Mode=Require' "$postgresql_host" "$events" >"$work/postgresql"
    # The accounts that the connection strings name; database-accounts.sh makes them and takes them away.
    printf "do \$\$ begin create role clonehub login; exception when duplicate_object then null; end \$\$;\nalter role clonehub password '%s';\ngrant create, connect on database clonehub to clonehub;\n" "$events" >"$work/postgresql-account.sql"
    accounts+=(--from-file="$work/postgresql-account.sql")
fi
if [[ $mariadb_user != root ]]; then
    printf "create or replace user clonehub identified by '%s';\ngrant all privileges on \`clone\\_%%\`.* to clonehub with grant option;\ngrant create user on *.* to clonehub;\ngrant select on mysql.user to clonehub;\n" "$mariadb" >"$work/mariadb-account.sql"
    accounts+=(--from-file="$work/mariadb-account.sql")
fi

kubectl create secret generic clonehub-secrets --namespace clonehub \
    --from-file="$work/redis-password" --from-file="$work/redis-auth" --from-file="$work/mariadb-password" --from-file="$work/master-key" \
    --from-file="$work/redis" --from-file="$work/mariadb" --from-file="$work/postgresql" \
    "${accounts[@]}" >/dev/null
printf 'clonehub-secrets is made.\n'
[[ $environment == local ]] || printf 'Next: infra/database-accounts.sh %s\n' "$environment"
