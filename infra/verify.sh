#!/usr/bin/env bash
# What no test can know before the first apply: whether AWS and the cluster took it. Reads only; run it as an admin after `terraform apply`
# and after the overlay. Usage: infra/verify.sh ENVIRONMENT [NAME] [REGION]
set -uo pipefail
environment=${1:?Which environment? infra/verify.sh staging|prod [NAME] [REGION]}
cluster=${2:-clonehub}-$environment
region=${3:-us-east-1}
bad=0

# WHAT COMMAND...: says whether the command succeeds.
holds() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then printf 'ok    %s\n' "$what"; else
        printf 'FAIL  %s\n      %s\n' "$what" "${said//$'\n'/$'\n      '}"
        bad=$((bad + 1))
    fi
}
# WHAT EXPECTED COMMAND...: says whether the command prints it.
says() {
    local what=$1 expected=$2 said
    shift 2
    said=$("$@" 2>&1)
    if [[ $said == "$expected" ]]; then printf 'ok    %s\n' "$what"; else
        printf 'FAIL  %s: expected %s, got %s\n' "$what" "$expected" "$said"
        bad=$((bad + 1))
    fi
}
count() { "$@" --no-headers 2>/dev/null | wc -l; }
at_least() { local what=$1 least=$2 have; shift 2; have=$(count "$@"); holds "$what: $have of $least" test "$have" -ge "$least"; }

says "cluster is active" ACTIVE aws eks describe-cluster --name "$cluster" --region "$region" --query cluster.status --output text
says "support is standard" STANDARD aws eks describe-cluster --name "$cluster" --region "$region" --query cluster.upgradePolicy.supportType --output text
says "access is by entries" API aws eks describe-cluster --name "$cluster" --region "$region" --query cluster.accessConfig.authenticationMode --output text
says "event log refuses deletion" True aws rds describe-db-instances --db-instance-identifier "$cluster-events" --region "$region" --query 'DBInstances[0].DeletionProtection' --output text
says "kubectl talks to this cluster" "$cluster" bash -c "kubectl config current-context | sed 's|.*/||'"

at_least "nodes are ready" 2 kubectl get nodes
at_least "buffer nodes are there (none outside the hours of buffer.schedule)" 1 kubectl get nodes --selector clonehub.io/pool=buffer
says "pools are ready" "True True" kubectl get nodepools.karpenter.sh --selector app.kubernetes.io/part-of=clonehub --output 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}'
at_least "admission policies are there" 2 kubectl get validatingadmissionpolicies.admissionregistration.k8s.io
says "policies type-check" "" kubectl get validatingadmissionpolicies.admissionregistration.k8s.io --output 'jsonpath={.items[*].status.typeChecking.expressionWarnings}'
holds "the provisioner makes deployments of clones" kubectl auth can-i create deployments --namespace clonehub-clones --as system:serviceaccount:clonehub:clonehub
says "the provisioner reads no Secrets" no kubectl auth can-i get secrets --namespace clonehub-clones --as system:serviceaccount:clonehub:clonehub
says "the provisioner stays in its namespace" no kubectl auth can-i list pods --namespace kube-system --as system:serviceaccount:clonehub:clonehub
says "network policies are enforced" true bash -c "aws eks describe-addon --cluster-name '$cluster' --region '$region' --addon-name vpc-cni --query addon.configurationValues --output text | grep -q enableNetworkPolicy && echo true"

holds "core is complete" kubectl rollout status statefulset/core --namespace clonehub --timeout 5s
holds "workers run" kubectl rollout status deployment/worker --namespace clonehub --timeout 5s
says "no pod waits for its image" "" bash -c "{ kubectl get pods --namespace clonehub --no-headers; kubectl get pods --namespace clonehub-buffer --no-headers; } | grep -E 'ImagePull|InvalidImage' | cut -d' ' -f1"
says "KEDA decides on workers" True kubectl get scaledobject worker --namespace clonehub --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
# MemoryDB hides its settings and is not in the cluster.
if [[ -n $(kubectl get statefulset redis --namespace clonehub --ignore-not-found --output name) ]]; then
    holds "Redis keeps what it acknowledges" kubectl exec --namespace clonehub redis-0 -- sh -c 'redis-cli config get appendfsync | grep -q always'
fi
holds "the administrator's SQL is gone from the Secret" bash -c "! kubectl get secret clonehub-secrets --namespace clonehub --output 'jsonpath={.data}' | grep -q account.sql"
holds "the report of overdue clones ends well (half an hour after the first deployment)" bash -c "kubectl get cronjob overdue-report --namespace clonehub --output 'jsonpath={.status.lastSuccessfulTime}' | grep -q T"
holds "the door has an address" bash -c "kubectl get service traefik --namespace clonehub-gateway --output 'jsonpath={.status.loadBalancer.ingress[0].hostname}' | grep -q ."
domain=$(sed -n 's/^  "\{0,1\}domain"\{0,1\}: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$(dirname "${BASH_SOURCE[0]}")/k8s/overlays/$environment/values.yaml")
says "the API answers at its name, over TLS" 200 curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' "https://$domain/openapi/v1.json"
says "whoever has no key is refused" 401 curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' "https://$domain/api/v2/jobs"

((bad == 0)) || printf '%d of these do not hold; docs/runbook.md says what to look at.\n' "$bad" >&2
exit $((bad > 0))
