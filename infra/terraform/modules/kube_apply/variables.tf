variable "cluster" {
  description = "The cluster to apply to."
  type        = object({ name = string, region = string, endpoint = string, certificate_authority = string })
}

variable "manifest" {
  description = "Objects as YAML. Definitions first."
  type        = string
}

variable "releases" {
  description = "Helm charts that bring the definitions of what the manifest holds; installed in this order."
  type        = list(object({ name = string, namespace = string, chart = string, repository = optional(string), version = string, values = string }))
  default     = []
}

variable "definitions" {
  description = "Custom resource definitions to wait for before the manifest is applied."
  type        = list(string)
  default     = []
}

variable "nodes_from_pools" {
  description = "Before the cluster goes, its node pools go, and with them the instances that they started."
  type        = bool
  default     = true
}

variable "tools" {
  description = "The programs to call, by name or path."
  type        = object({ kubectl = optional(string, "kubectl"), helm = optional(string, "helm"), aws = optional(string, "aws") })
  default     = {}
}
