mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                = "clonehub-test"
  kubernetes_version  = "1.35"
  compute             = "karpenter"
  subnets             = ["subnet-a", "subnet-b", "subnet-c"]
  public_access_cidrs = []
  node_role_arn       = "arn:aws:iam::111122223333:role/node"
}

run "karpenter" {
  module { source = "./modules/cluster" }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Access is by entries only; the creator gets nothing by creating."
  }
  assert {
    condition     = aws_eks_cluster.this.upgrade_policy[0].support_type == "STANDARD"
    error_message = "Extended support is never paid for."
  }
  assert {
    condition     = !aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "Without ranges the API server is reached from inside only."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "NetworkPolicies are enforced."
  }
  assert {
    condition     = length(aws_eks_cluster.this.encryption_config) == 1
    error_message = "Secrets are encrypted with a key of ours."
  }
}

run "auto" {
  module { source = "./modules/cluster" }
  variables {
    compute             = "auto"
    public_access_cidrs = ["198.51.100.7/32"]
  }

  assert {
    condition     = aws_eks_cluster.this.compute_config[0].enabled && aws_eks_cluster.this.storage_config[0].block_storage[0].enabled && aws_eks_cluster.this.kubernetes_network_config[0].elastic_load_balancing[0].enabled
    error_message = "Compute, volumes and load balancing are on together; AWS refuses a part of them."
  }
  assert {
    condition     = length(aws_eks_addon.before_nodes) == 0
    error_message = "Auto Mode brings these add-ons."
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["198.51.100.7/32"])
    error_message = "The API server is open to the named range only."
  }
}
