# Said at every plan, without stopping it.

check "budget_covers_the_idle_cost" {
  assert {
    condition     = var.budget_usd >= local.cost.total
    error_message = "budget_usd is ${var.budget_usd}, but a month without any work costs about ${local.cost.total} USD: the alarm will ring every month."
  }
}

check "images_are_named" {
  assert {
    condition     = var.images.host != null && var.images.wordpress != null
    error_message = "images has no digests yet. That is right for the first apply, which makes the registry to push to. Until the next one there are no placeholders, and infra/deploy.sh refuses the overlay."
  }
}

check "a_way_out_exists" {
  assert {
    condition     = var.nat != "none" || var.interface_endpoints
    error_message = "nat is \"none\" and interface_endpoints is false: nodes reach neither the registry nor the API of EKS. Set interface_endpoints = true."
  }
}

check "the_api_server_is_reached" {
  assert {
    condition     = length(var.public_access_cidrs) > 0
    error_message = "public_access_cidrs is empty: the API server is reached from inside the VPC only, and from anywhere else this apply stops as soon as it calls kubectl. Write your address, such as [\"198.51.100.7/32\"]; https://checkip.amazonaws.com shows it."
  }
}
