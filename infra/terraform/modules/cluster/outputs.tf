output "name" {
  value = aws_eks_cluster.this.name
}

output "endpoint" {
  value = aws_eks_cluster.this.endpoint
}

output "certificate_authority" {
  value = aws_eks_cluster.this.certificate_authority[0].data
}

output "security_group_id" {
  value = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

# Nodes wait for this: what they need of the network is set before the first of them starts.
output "ready" {
  value      = aws_eks_cluster.this.name
  depends_on = [aws_eks_addon.before_nodes, aws_ec2_tag.discovery]
}
