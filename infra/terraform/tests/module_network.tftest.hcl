mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                = "clonehub-test"
  region              = "us-east-1"
  cidr                = "10.42.0.0/16"
  nat                 = "single"
  interface_endpoints = false
}

run "single" {
  module { source = "./modules/network" }

  assert {
    condition     = [for s in values(aws_subnet.private) : s.cidr_block] == ["10.42.0.0/19", "10.42.32.0/19", "10.42.64.0/19"]
    error_message = "Three private subnets of 8,192 addresses."
  }
  assert {
    condition     = [for s in values(aws_subnet.public) : s.cidr_block] == ["10.42.224.0/24", "10.42.225.0/24", "10.42.226.0/24"]
    error_message = "Three public subnets beside them."
  }
  assert {
    condition     = alltrue([for s in values(aws_subnet.private) : s.tags["karpenter.sh/discovery"] == "clonehub-test"])
    error_message = "Karpenter finds the private subnets."
  }
  assert {
    condition     = output.nat_count == 1 && length(aws_vpc_endpoint.interface) == 0
    error_message = "One gateway, no endpoints that cost."
  }
}

run "per_zone" {
  module { source = "./modules/network" }
  variables { nat = "per-az" }

  assert {
    condition     = output.nat_count == 3
    error_message = "A gateway in each zone."
  }
}

run "closed" {
  module { source = "./modules/network" }
  variables {
    nat                 = "none"
    interface_endpoints = true
  }

  assert {
    condition     = output.nat_count == 0 && length(aws_route.nat) == 0 && length(aws_vpc_endpoint.interface) == 9
    error_message = "No way out, private ways to AWS."
  }
}
