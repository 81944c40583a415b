#!/usr/bin/env bash
# Applies an overlay, after a look for what no server would refuse: images, names and addresses that are still those of the examples. Then the
# server is asked (a dry run), so that nothing is applied by half. The overlay of one machine needs none of this: kubectl apply -k.
# Usage: infra/deploy.sh ENVIRONMENT
set -euo pipefail
environment=${1:?Which environment? infra/deploy.sh staging|prod}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
overlay=$here/k8s/overlays/$environment
[[ -d $overlay ]] || { printf 'There is no %s.\n' "$overlay" >&2; exit 64; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kubectl kustomize "$overlay" >"$work/rendered.yaml"
bad=0
refuse() {
    printf 'refused: %s\n' "$1" >&2
    bad=1
}

while read -r image; do
    case $image in
        registry.example/* | *@sha256:0000000000000000000000000000000000000000000000000000000000000000)
            refuse "$image stands for an image of your own. Push it, write its digest to images in the tfvars, apply, then: terraform output -raw overlay_values > $overlay/values.yaml" ;;
        *@sha256:*) ;;
        *) refuse "$image is not named by digest: what runs would be decided by whoever moves the tag." ;;
    esac
done < <(sed -n 's/^ *\(- \)\{0,1\}\(image\|CloneHub__Kubernetes__Image\): *//p' "$work/rendered.yaml" | sort -u)
grep -qE '[/. "]clones\.example("|$)' "$work/rendered.yaml" &&
    refuse "clones.example is nobody's: put your domain into $overlay/values.yaml (terraform output -raw overlay_values)."
((bad == 0)) || exit 1

# SECRET HOW: a pipeline may not read Secrets, and is not asked for them.
need() {
    local found
    found=$(kubectl get secret "$1" --namespace clonehub --ignore-not-found --output name 2>/dev/null) || return 0
    [[ -n $found ]] || refuse "there is no Secret $1: $2"
}
need clonehub-secrets "run infra/secrets.sh $environment."
need clonehub-api-keys 'without a key the Host does not start where others reach it; see "First apply" in infra/README.md.'
((bad == 0)) || exit 1
if ! kubectl apply --server-side --dry-run=server --filename "$work/rendered.yaml" >/dev/null; then
    printf 'refused: the server does not take it, and nothing was applied. A kind of monitoring.coreos.com that it does not know: the Prometheus operator is missing, or add ../../components/without-prometheus to %s.\n' "$overlay/kustomization.yaml" >&2
    exit 1
fi
kubectl apply --server-side --filename "$work/rendered.yaml"
