# kubectl is answered with 401 before this.
output "ready" {
  value      = var.cluster
  depends_on = [aws_eks_access_policy_association.admin, aws_eks_access_entry.nodes, aws_eks_access_policy_association.nodes]
}
