output "node_role_name" {
  value = aws_iam_role.node.name
}

output "node_role_arn" {
  value      = aws_iam_role.node.arn
  depends_on = [aws_iam_role_policy_attachment.node]
}

output "controller_role_arn" {
  value = one(aws_iam_role.controller[*].arn)
}

output "queue_name" {
  value = one(aws_sqs_queue.news[*].name)
}

# Karpenter has to live until its nodes are gone, so this is what they wait for.
output "ready" {
  value      = var.cluster
  depends_on = [aws_iam_role_policy_attachment.controller, aws_iam_role_policy_attachment.node, aws_cloudwatch_event_target.news, aws_sqs_queue_policy.news]
}
