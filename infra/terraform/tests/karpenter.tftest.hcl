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

# Everything is applied once, against an AWS that says yes; what kubectl and helm are called for is read by CloneHub.Infra.Tests.
run "everything_is_applied" {
  assert {
    condition     = output.cluster.name == "clonehub-staging"
    error_message = "The cluster is named after product and environment."
  }
  assert {
    condition     = output.buffer_plan.slots == 20 && output.buffer_plan.nodes == 2 && output.buffer_plan.instance_type == "t4g.medium"
    error_message = "The plan of the buffer says what was asked for."
  }
  assert {
    condition     = output.cost.total > 150 && output.cost.total < 260
    error_message = "A month without work costs what infra/README.md says."
  }
  assert {
    condition     = strcontains(output.next_steps, "secrets.sh staging")
    error_message = "The next steps name the environment."
  }
}

run "a_second_apply_changes_nothing" {
  command = plan

  assert {
    condition     = module.kube_apply.digest == run.everything_is_applied.kube_digest
    error_message = "The same objects are not applied again."
  }
}
