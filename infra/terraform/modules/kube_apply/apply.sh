#!/usr/bin/env bash
# Called by Terraform with CLUSTER, REGION, ENDPOINT, CA, KUBECTL, HELM, AWS, MANIFEST, RELEASES (lines) and DEFINITIONS.
# The order: charts bring definitions, definitions are waited for, objects follow.
# shellcheck source=connect.sh
. "$(dirname "${BASH_SOURCE[0]}")/connect.sh"

count=0
while IFS=$'\t' read -r name namespace chart repository version values; do
    [[ -n $name ]] || continue
    count=$((count + 1))
    printf '%s' "$values" | base64 -d >"$work/values-$count.yaml"
    [[ $repository == - ]] || chart="$chart --repo $repository"
    # shellcheck disable=SC2086
    "$HELM" upgrade --install "$name" $chart --version "$version" --namespace "$namespace" --create-namespace \
        --values "$work/values-$count.yaml" --wait --timeout 10m
done <<<"$RELEASES"

for definition in $DEFINITIONS; do
    kubectl wait --for=condition=Established --timeout=120s "customresourcedefinition/$definition"
done

printf '%s' "$MANIFEST" >"$work/manifest.yaml"
kubectl apply --server-side --force-conflicts --field-manager=clonehub-terraform -f "$work/manifest.yaml"
