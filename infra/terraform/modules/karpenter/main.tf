# Karpenter's rights and its news of interruptions. It may start and stop what carries this cluster's tag, and nothing else.

locals {
  account   = "arn:aws:ec2:${var.region}"
  owned     = "kubernetes.io/cluster/${var.cluster}"
  read_only = ["ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates", "ec2:DescribePlacementGroups", "ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets"]
  made      = [for kind in ["fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"] : "${local.account}:*:${kind}/*"]

  # AWS tells of these by EventBridge; each is a reason to move pods off a node before it goes.
  events = {
    health        = { source = ["aws.health"], detail-type = ["AWS Health Event"] }
    interruption  = { source = ["aws.ec2"], detail-type = ["EC2 Spot Instance Interruption Warning"] }
    rebalance     = { source = ["aws.ec2"], detail-type = ["EC2 Instance Rebalance Recommendation"] }
    state-change  = { source = ["aws.ec2"], detail-type = ["EC2 Instance State-change Notification"] }
    capacity-lost = { source = ["aws.ec2"], detail-type = ["EC2 Capacity Reservation Instance Interruption Warning"] }
  }

  controller = [
    {
      Sid      = "StartFromWhatExists"
      Effect   = "Allow"
      Action   = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource = ["${local.account}::image/*", "${local.account}::snapshot/*", "${local.account}:*:security-group/*", "${local.account}:*:subnet/*", "${local.account}:*:capacity-reservation/*"]
    },
    {
      Sid      = "StartFromItsLaunchTemplates"
      Effect   = "Allow"
      Action   = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource = ["${local.account}:*:launch-template/*"]
      Condition = {
        StringEquals = { "aws:ResourceTag/${local.owned}" = "owned" }
        StringLike   = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
      }
    },
    {
      Sid      = "StartOnlyWhatIsTagged"
      Effect   = "Allow"
      Action   = ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"]
      Resource = local.made
      Condition = {
        StringEquals = { "aws:RequestTag/${local.owned}" = "owned", "aws:RequestTag/eks:eks-cluster-name" = var.cluster }
        StringLike   = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
      }
    },
    {
      Sid      = "TagAtCreation"
      Effect   = "Allow"
      Action   = ["ec2:CreateTags"]
      Resource = local.made
      Condition = {
        StringEquals = {
          "aws:RequestTag/${local.owned}"       = "owned"
          "aws:RequestTag/eks:eks-cluster-name" = var.cluster
          "ec2:CreateAction"                    = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]
        }
        StringLike = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
      }
    },
    {
      Sid      = "TagItsInstances"
      Effect   = "Allow"
      Action   = ["ec2:CreateTags"]
      Resource = ["${local.account}:*:instance/*"]
      Condition = {
        StringEquals                = { "aws:ResourceTag/${local.owned}" = "owned" }
        StringLike                  = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] }
      }
    },
    {
      Sid      = "StopWhatIsItsOwn"
      Effect   = "Allow"
      Action   = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
      Resource = ["${local.account}:*:instance/*", "${local.account}:*:launch-template/*"]
      Condition = {
        StringEquals = { "aws:ResourceTag/${local.owned}" = "owned" }
        StringLike   = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
      }
    },
    {
      Sid       = "Look"
      Effect    = "Allow"
      Action    = local.read_only
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    { Sid = "ReadImageReleases", Effect = "Allow", Action = ["ssm:GetParameter"], Resource = ["arn:aws:ssm:${var.region}::parameter/aws/service/*"] },
    { Sid = "ReadPrices", Effect = "Allow", Action = ["pricing:GetProducts"], Resource = ["*"] },
    {
      Sid      = "ReadItsNews"
      Effect   = "Allow"
      Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      Resource = aws_sqs_queue.news[*].arn
    },
    {
      Sid       = "GiveNodesTheirRole"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = [aws_iam_role.node.arn]
      Condition = { StringEquals = { "iam:PassedToService" = ["ec2.amazonaws.com"] } }
    },
    {
      Sid      = "MakeInstanceProfiles"
      Effect   = "Allow"
      Action   = ["iam:CreateInstanceProfile", "iam:TagInstanceProfile"]
      Resource = ["arn:aws:iam::*:instance-profile/*"]
      Condition = {
        StringEquals = {
          "aws:RequestTag/${local.owned}"                = "owned"
          "aws:RequestTag/eks:eks-cluster-name"          = var.cluster
          "aws:RequestTag/topology.kubernetes.io/region" = var.region
        }
      }
    },
    {
      Sid       = "UseItsInstanceProfiles"
      Effect    = "Allow"
      Action    = ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"]
      Resource  = ["arn:aws:iam::*:instance-profile/*"]
      Condition = { StringEquals = { "aws:ResourceTag/${local.owned}" = "owned" } }
    },
    { Sid = "ReadInstanceProfiles", Effect = "Allow", Action = ["iam:GetInstanceProfile"], Resource = ["arn:aws:iam::*:instance-profile/*"] },
    { Sid = "ListInstanceProfiles", Effect = "Allow", Action = ["iam:ListInstanceProfiles"], Resource = ["*"] },
    {
      Sid      = "FindTheCluster"
      Effect   = "Allow"
      Action   = ["eks:DescribeCluster"]
      Resource = ["arn:aws:eks:${var.region}:*:cluster/${var.cluster}"]
    },
  ]
}

# Nodes of both kinds, the system group's and Karpenter's.
resource "aws_iam_role" "node" {
  name = "${var.cluster}-node"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(var.auto ? ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"] : [
    "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore",
  ])

  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

# In Auto Mode the queue is AWS's own business; the resources below are not made.
resource "aws_sqs_queue" "news" {
  count = var.auto ? 0 : 1

  name                      = "${var.cluster}-karpenter"
  message_retention_seconds = 300
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "news" {
  count = var.auto ? 0 : 1

  queue_url = aws_sqs_queue.news[0].url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EventBridgeSends"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.news[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = [for rule in aws_cloudwatch_event_rule.news : rule.arn] } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.news[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "news" {
  for_each = var.auto ? {} : local.events

  name          = "${var.cluster}-karpenter-${each.key}"
  event_pattern = jsonencode(each.value)
}

resource "aws_cloudwatch_event_target" "news" {
  for_each = aws_cloudwatch_event_rule.news

  rule = each.value.name
  arn  = aws_sqs_queue.news[0].arn
}

resource "aws_iam_role" "controller" {
  count = var.auto ? 0 : 1

  name = "${var.cluster}-karpenter"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "pods.eks.amazonaws.com" }, Action = ["sts:AssumeRole", "sts:TagSession"] }]
  })
}

# A managed policy: an inline one may have 10,240 characters for the role, this has 6,144 for itself, and the two halves stay below.
resource "aws_iam_policy" "controller" {
  for_each = var.auto ? toset([]) : toset(["compute", "rest"])

  name = "${var.cluster}-karpenter-${each.key}"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for i, statement in local.controller : statement if(i < 6) == (each.key == "compute")]
  })
}

resource "aws_iam_role_policy_attachment" "controller" {
  for_each = aws_iam_policy.controller

  role       = aws_iam_role.controller[0].name
  policy_arn = each.value.arn
}
