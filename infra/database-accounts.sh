#!/usr/bin/env bash
# Makes the accounts that the connection strings of "clonehub-secrets" name, once, with the administrators whose passwords AWS keeps. The databases
# are reached from inside the VPC only, so each client runs in a pod that goes when it is done. Passwords pass through pipes: they are no
# argument, in no object and in no file. Usage: infra/database-accounts.sh ENVIRONMENT [NAME] [REGION]   (needs kubectl and aws)
set -euo pipefail
environment=${1:?Which environment? infra/database-accounts.sh staging|prod [NAME] [REGION]}
cluster=${2:-clonehub}-$environment
region=${3:-us-east-1}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
values=$here/k8s/overlays/$environment/values.yaml
postgresql_image=public.ecr.aws/docker/library/postgres:17-alpine@sha256:b0f9560a2de083e2cc7382e75f808c7381a32852a7ec49117deedb300e552b24

value() { sed -n "s/^  \"\\{0,1\\}$1\"\\{0,1\\}: \"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" "$values"; }
# DATABASE: the administrator's password. RDS takes no quotation mark in one, and JSON doubles a backslash.
password() {
    local arn
    arn=$(aws rds describe-db-instances --db-instance-identifier "$cluster-$1" --region "$region" --query 'DBInstances[0].MasterUserSecret.SecretArn' --output text)
    aws secretsmanager get-secret-value --secret-id "$arn" --region "$region" --query SecretString --output text |
        sed 's/.*"password": *"\([^"]*\)".*/\1/; s/\\\\/\\/g'
}
# DATABASE KEY IMAGE COMMAND: runs the SQL under KEY; COMMAND finds the password in the first line of its input.
make() {
    local sql
    sql=$(kubectl get secret clonehub-secrets --namespace clonehub --output "jsonpath={.data.${2/./\\.}}" | base64 -d)
    [[ -n $sql ]] || { printf '%s: made already.\n' "$1"; return; }
    { password "$1"; printf '%s\n' "$sql"; } | kubectl run "clonehub-$1-account" --namespace default --image "$3" --restart Never --rm --stdin --quiet --command -- sh -ec "$4"
    kubectl patch secret clonehub-secrets --namespace clonehub --type json --patch "[{\"op\":\"remove\",\"path\":\"/data/$2\"}]" >/dev/null
    printf '%s: made.\n' "$1"
}

make events postgresql-account.sql "$postgresql_image" \
    "read -r PGPASSWORD; export PGPASSWORD; exec psql --quiet --set ON_ERROR_STOP=1 'host=$(value postgresqlHost) dbname=clonehub user=clonehub_admin sslmode=require'"
if [[ $(value mariaDbHost) != clone-db.clonehub.svc ]]; then
    make clones mariadb-account.sql "$(value mariaDbImage)" \
        "read -r MYSQL_PWD; export MYSQL_PWD; exec mariadb --host '$(value mariaDbHost)' --user clonehub_admin --ssl"
fi
