# How many clones fit a node. What Kubernetes leaves of a node for pods is computed as Karpenter does it for AL2023: 7.5 % go to the
# hypervisor, 255 MiB and 11 MiB for each possible pod to the kubelet, 100 MiB must stay free. Of the rest 150m, 150 MiB and 4 pods
# are for daemons. It asks for no instance types, so that the validation of the buffer may use it.

terraform {
  required_version = ">= 1.11"
}

variable "clone_size" {
  description = "What one clone requests: millicores and MiB."
  type        = object({ cpu_m = number, memory_mi = number })
}

locals {
  types     = jsondecode(file("${path.module}/../../../prices.json")).instances
  cpu_m     = { for type, i in local.types : type => (i.vcpus == 1 ? 940 : 1000 * i.vcpus - 70) - 150 }
  memory_mi = { for type, i in local.types : type => floor(i.memory_mib * 0.925) - 255 - 11 * i.max_pods - 100 - 150 }
}

output "fits" {
  description = "Clones by instance type, for every type of infra/prices.json."
  value = { for type, i in local.types : type => max(0, min(
    floor(local.cpu_m[type] / var.clone_size.cpu_m),
    floor(local.memory_mi[type] / var.clone_size.memory_mi),
    i.max_pods - 4,
  )) }
}

output "free" {
  description = "What a node of each type has for pods, less what daemons take."
  value       = { for type in keys(local.types) : type => { cpu_m = local.cpu_m[type], memory_mi = local.memory_mi[type] } }
}

output "types" {
  description = "Size and price of every type."
  value       = local.types
}
