mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment         = "staging"
  domain              = "clones.example.net"
  admins              = { builder = "arn:aws:iam::111122223333:role/builder" }
  deployers           = { pipeline = "arn:aws:iam::111122223333:role/pipeline" }
  operators           = { oncall = "arn:aws:iam::111122223333:role/oncall" }
  viewers             = { auditor = "arn:aws:iam::111122223333:role/auditor" }
  budget_usd          = 400
  budget_email        = "bill@example.net"
  node_ami_version    = "v20260702"
  public_access_cidrs = ["198.51.100.7/32"]
  images = {
    host      = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
    wordpress = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
  }
  tools = { kubectl = "./tests/tools/kubectl", helm = "./tests/tools/helm", aws = "./tests/tools/aws" }
}

run "auto_mode_is_applied" {
  variables {
    compute          = "auto"
    node_ami_version = null
  }

  assert {
    condition     = output.cost.items.system_nodes == 0 && output.cost.general_nodes == 2
    error_message = "Without system nodes the product stands on nodes of the general pool, and they are in the estimate."
  }
  assert {
    condition     = length(module.system_nodes) == 0
    error_message = "Auto Mode needs no system nodes."
  }
  assert {
    condition     = !strcontains(local.traefik, "aws-load-balancer-type")
    error_message = "Auto Mode takes the class of the load balancer, not the old annotation."
  }
  assert {
    condition     = [for r in local.releases : r.name] == ["keda", "traefik"]
    error_message = "Auto Mode brings its own Karpenter."
  }
  assert {
    condition     = toset(keys(aws_eks_addon.on_nodes)) == toset(["metrics-server", "external-dns"])
    error_message = "Auto Mode has its own network, volumes and names."
  }
}

run "static_nodes_and_managed_stores_are_planned" {
  command = plan
  variables {
    buffer         = { strategy = "static" }
    redis          = { mode = "memorydb" }
    clone_database = { mode = "rds" }
    database       = { multi_az = true }
  }

  assert {
    condition     = output.cost.items.redis > 0 && output.cost.items.mariadb > 0 && output.cost.items.volumes == 0
    error_message = "What runs outside the cluster is in the estimate, and no volume for it."
  }
}

run "warm_in_working_hours_costs_a_third" {
  command = plan
  variables {
    buffer = { schedule = { timezone = "Etc/UTC", start = "0 7 * * 1-5", end = "0 19 * * 1-5" } }
  }

  assert {
    condition     = output.buffer_plan.monthly_usd == 8.76
    error_message = "60 of 168 hours of two t4g.medium at half price are 8.76 USD, not ${output.buffer_plan.monthly_usd}."
  }
}
