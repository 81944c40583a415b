output "ready" {
  value = aws_eks_node_group.this.id
}
