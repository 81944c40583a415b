output "external_dns" {
  value      = { role_arn = aws_iam_role.external_dns.arn, service_account = "external-dns" }
  depends_on = [aws_iam_role_policy.external_dns]
}

output "ebs_csi" {
  value      = var.auto ? null : { role_arn = aws_iam_role.ebs_csi[0].arn, service_account = "ebs-csi-controller-sa" }
  depends_on = [aws_iam_role_policy_attachment.ebs_csi]
}
