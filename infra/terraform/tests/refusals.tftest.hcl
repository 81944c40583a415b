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

run "an_open_api_server_is_refused" {
  command = plan
  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.public_access_cidrs]
}

run "half_the_internet_is_refused" {
  command = plan
  variables {
    public_access_cidrs = ["128.0.0.0/1"]
  }
  expect_failures = [var.public_access_cidrs]
}

run "an_old_kubernetes_is_refused" {
  command = plan
  variables {
    kubernetes_version = "1.32"
  }
  expect_failures = [var.kubernetes_version]
}

run "an_untried_kubernetes_is_refused" {
  command = plan
  variables {
    kubernetes_version = "1.36"
  }
  expect_failures = [var.kubernetes_version]
}

run "slots_that_do_not_fit_are_refused" {
  command = plan
  variables {
    buffer = { nodes = 2, slots = 27 }
  }
  expect_failures = [var.buffer]
}

run "the_old_buffer_is_refused" {
  command = plan
  variables {
    architectures = ["amd64"]
    buffer        = { nodes = 2, slots = 20, instance_types = ["t2.small"] }
  }
  expect_failures = [var.buffer]
}

run "an_unknown_instance_type_is_refused" {
  command = plan
  variables {
    buffer = { instance_types = ["p5.48xlarge"] }
  }
  expect_failures = [var.buffer]
}

run "a_small_type_in_auto_mode_is_refused" {
  command = plan
  variables {
    compute = "auto"
    buffer  = { nodes = 4, slots = 20, instance_types = ["t4g.small", "t4g.medium"] }
  }
  expect_failures = [var.buffer]
}

run "a_schedule_for_static_nodes_is_refused" {
  command = plan
  variables {
    buffer = { strategy = "static", schedule = { timezone = "Etc/UTC", start = "0 7 * * 1-5", end = "0 19 * * 1-5" } }
  }
  expect_failures = [var.buffer]
}

run "nobody_as_admin_is_refused" {
  command = plan
  variables {
    admins = {}
  }
  expect_failures = [var.admins]
}

run "a_session_as_admin_is_refused" {
  command = plan
  variables {
    admins = { me = "arn:aws:sts::111122223333:assumed-role/builder/session" }
  }
  expect_failures = [var.admins]
}

run "whoever_applies_must_be_admin" {
  command = plan
  variables {
    admins = { other = "arn:aws:iam::111122223333:role/other" }
  }
  expect_failures = [terraform_data.applicant]
}

run "a_missing_domain_is_refused" {
  command = plan
  variables {
    domain = ""
  }
  expect_failures = [var.domain]
}

run "a_budget_of_zero_is_refused" {
  command = plan
  variables {
    budget_usd = 0
  }
  expect_failures = [var.budget_usd]
}

run "a_tag_instead_of_a_digest_is_refused" {
  command = plan
  variables {
    images = { host = "latest" }
  }
  expect_failures = [var.images]
}

run "a_moving_node_image_is_refused" {
  command = plan
  variables {
    node_ami_version = "latest"
  }
  expect_failures = [var.node_ami_version]
}

run "elasticache_is_refused" {
  command = plan
  variables {
    redis = { mode = "elasticache" }
  }
  expect_failures = [var.redis]
}

run "a_budget_below_the_idle_cost_is_told" {
  command = plan
  variables {
    budget_usd = 20
  }
  expect_failures = [check.budget_covers_the_idle_cost]
}

run "an_api_server_out_of_reach_is_told" {
  command = plan
  variables {
    public_access_cidrs = []
  }
  expect_failures = [check.the_api_server_is_reached]
}

run "a_first_apply_without_images_is_told" {
  command = plan
  variables {
    images = {}
  }
  expect_failures = [check.images_are_named]
}
