# What runs in the cluster and calls AWS, each with a role of its own. The product calls nothing of AWS and has none.

locals {
  trust = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "pods.eks.amazonaws.com" }, Action = ["sts:AssumeRole", "sts:TagSession"] }]
  })
}

resource "aws_iam_role" "external_dns" {
  name               = "${var.cluster}-external-dns"
  assume_role_policy = local.trust
}

# Records of one zone; external-dns knows its own by a TXT record beside them.
resource "aws_iam_role_policy" "external_dns" {
  name = "one-zone"
  role = aws_iam_role.external_dns.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:ListTagsForResource", "route53:ListTagsForResources"], Resource = [var.zone_arn] },
      { Effect = "Allow", Action = ["route53:ListHostedZones"], Resource = ["*"] },
    ]
  })
}

resource "aws_iam_role" "ebs_csi" {
  count = var.auto ? 0 : 1

  name               = "${var.cluster}-ebs-csi"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy_attachment" "ebs_csi" {
  count = var.auto ? 0 : 1

  role       = aws_iam_role.ebs_csi[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
}
