mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  cluster       = "clonehub-test"
  auto          = false
  node_role_arn = "arn:aws:iam::111122223333:role/node"
  admins        = { one = "arn:aws:iam::111122223333:role/admin" }
  deployers     = { two = "arn:aws:iam::111122223333:role/pipeline" }
  operators     = { three = "arn:aws:iam::111122223333:role/oncall" }
  viewers       = { four = "arn:aws:iam::111122223333:role/auditor" }
}

run "karpenter" {
  module { source = "./modules/access" }

  assert {
    condition     = aws_eks_access_entry.nodes.type == "EC2_LINUX"
    error_message = "Nodes of Karpenter may join."
  }
  assert {
    condition     = toset(keys(aws_eks_access_policy_association.admin)) == toset(["one"])
    error_message = "Nobody but admins is administrator of the cluster."
  }
  assert {
    condition     = { for name, entry in aws_eks_access_entry.group : name => one(entry.kubernetes_groups) } == { two = "clonehub:deployers", three = "clonehub:operators", four = "clonehub:viewers" }
    error_message = "Everybody else has the rights of a group."
  }
}

run "auto" {
  module { source = "./modules/access" }
  variables { auto = true }

  assert {
    condition     = aws_eks_access_entry.nodes.type == "EC2" && length(aws_eks_access_policy_association.nodes) == 1
    error_message = "Nodes of Auto Mode join by another type of entry."
  }
}
