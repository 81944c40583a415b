#!/usr/bin/env bash
# Called by Terraform before the cluster goes. Instances that Karpenter started belong to no Terraform resource: if their pools do not
# go first, they outlive the cluster, cost money, and their network interfaces keep the VPC from being deleted. The same holds for
# the load balancer.
# shellcheck source=connect.sh
. "$(dirname "${BASH_SOURCE[0]}")/connect.sh"

# A clone holds its node until its time is over, which may be later than anybody waits here. All of it hangs on its anchor.
kubectl delete configmaps --namespace clonehub-clones --selector app=wordpress-clone --ignore-not-found --timeout=5m
kubectl delete services --namespace clonehub-gateway --all --ignore-not-found --timeout=5m
if [[ $POOLS == true && -n $(kubectl get customresourcedefinitions nodepools.karpenter.sh --ignore-not-found --output name) ]]; then
    kubectl delete nodepools.karpenter.sh --selector app.kubernetes.io/part-of=clonehub --ignore-not-found --timeout=15m
    # Gone only when the instances are.
    kubectl delete nodeclaims.karpenter.sh --selector clonehub.io/pool --ignore-not-found --timeout=15m
fi
