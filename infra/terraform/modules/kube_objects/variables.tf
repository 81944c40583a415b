variable "cluster" {
  description = "Name of the cluster; subnets and security groups are found by it."
  type        = string
}

variable "compute" {
  description = "karpenter: our own Karpenter on system nodes. auto: EKS Auto Mode."
  type        = string
  default     = "karpenter"

  validation {
    condition     = contains(["karpenter", "auto"], var.compute)
    error_message = "compute is \"karpenter\" or \"auto\"."
  }
}

variable "node_role" {
  description = "Name of the IAM role that nodes run as."
  type        = string
}

variable "node_ami_version" {
  description = "Release of the AL2023 image, such as v20260702. Auto Mode brings its own image."
  type        = string
  default     = null
}

variable "buffer" {
  description = "Warm capacity: how it is kept, on how many nodes, for how many clones, of which instance types, and when (null: always)."
  type = object({
    strategy       = string
    nodes          = number
    slots          = number
    instance_types = list(string)
    capacity_types = list(string)
    schedule       = optional(object({ timezone = string, start = string, end = string }))
  })
}

variable "general" {
  description = "Ceiling of the general pool and the processor architectures that all images exist for."
  type        = object({ cpu = number, memory_gi = number, architectures = list(string) })
}

variable "clone_size" {
  description = "What one clone requests: millicores and MiB."
  type        = object({ cpu_m = number, memory_mi = number })
}

variable "image_prefix" {
  description = "Registry and path that every clone's image begins with."
  type        = string
}

variable "clone_image" {
  description = "Image of a clone, by digest; null while there is none. Placeholders run it too, so that it is on the node before a clone comes."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the EC2 instances and volumes that the pools start."
  type        = map(string)
  default     = {}
}
