# Who reaches the API server, and as what. Rights inside the cluster come from infra/k8s/platform/people.yaml, by group.

locals {
  groups = merge(
    { for name, arn in var.deployers : name => { arn = arn, groups = ["clonehub:deployers"] } },
    { for name, arn in var.operators : name => { arn = arn, groups = ["clonehub:operators"] } },
    { for name, arn in var.viewers : name => { arn = arn, groups = ["clonehub:viewers"] } },
  )
}

resource "aws_eks_access_entry" "admin" {
  for_each = var.admins

  cluster_name  = var.cluster
  principal_arn = each.value
}

resource "aws_eks_access_policy_association" "admin" {
  for_each = aws_eks_access_entry.admin

  cluster_name  = var.cluster
  principal_arn = each.value.principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope { type = "cluster" }
}

resource "aws_eks_access_entry" "group" {
  for_each = local.groups

  cluster_name      = var.cluster
  principal_arn     = each.value.arn
  kubernetes_groups = each.value.groups
}

# Without it the nodes that Karpenter starts are refused by the API server: they run, cost money and never join.
# The entry of the system nodes is made by EKS with their group.
resource "aws_eks_access_entry" "nodes" {
  cluster_name  = var.cluster
  principal_arn = var.node_role_arn
  type          = var.auto ? "EC2" : "EC2_LINUX"
}

resource "aws_eks_access_policy_association" "nodes" {
  count = var.auto ? 1 : 0

  cluster_name  = var.cluster
  principal_arn = aws_eks_access_entry.nodes.principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy"

  access_scope { type = "cluster" }
}
