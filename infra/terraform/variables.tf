variable "name" {
  description = "Begins the name of everything."
  type        = string
  default     = "clonehub"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name has 2 to 20 small letters, digits and dashes and begins with a letter, such as \"clonehub\"."
  }
}

variable "environment" {
  description = "staging or prod; part of every name, so that both may live in one account."
  type        = string

  validation {
    condition     = contains(["staging", "prod"], var.environment)
    error_message = "environment is \"staging\" or \"prod\". For a machine of your own use ./clonehub.sh up."
  }
}

variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "us-east-1"
}

variable "domain" {
  description = "The API answers here, and clones as JOB.DOMAIN. A name that serves nothing else: sites of strangers run below it."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.){2,}[a-z]{2,}$", var.domain))
    error_message = "domain is missing or no name: write the name that clones shall live under, such as \"clones.your-company.net\", in a hosted zone of Route 53 that you own."
  }
}

variable "zone" {
  description = "The hosted zone of the domain; its parent if empty."
  type        = string
  default     = ""
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
  default     = "1.35"

  validation {
    condition     = contains(["1.34", "1.35"], var.kubernetes_version)
    error_message = "kubernetes_version must be \"1.34\" or \"1.35\": older ones have left EKS' standard support, and newer ones have not been tried with Karpenter 1.14 and KEDA 2.20."
  }
}

variable "public_access_cidrs" {
  description = "From where the API server is reached over the internet; empty: only from inside the VPC."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrhost(cidr, 0)) && !strcontains(cidr, ":")])
    error_message = "public_access_cidrs holds IPv4 ranges, such as [\"198.51.100.7/32\"]."
  }
  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : try(tonumber(split("/", cidr)[1]) >= 16, true)])
    error_message = "public_access_cidrs opens the API server to (almost) everybody. Write the addresses of your office or VPN instead, /16 or narrower, such as [\"198.51.100.7/32\"]; or [] and apply from inside the VPC."
  }
}

variable "vpc_cidr" {
  description = "Addresses of the VPC. A /16: every pod takes one."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(regex("/16$", var.vpc_cidr)) && can(cidrhost(var.vpc_cidr, 0))
    error_message = "vpc_cidr is a private /16, such as \"10.42.0.0/16\": its subnets are /19, because smaller ones run out of addresses."
  }
}

variable "nat" {
  description = "single: one gateway. per-az: three, which survive a zone and cost three times as much. none: no way out, and no clone can be made of a public site."
  type        = string
  default     = "single"

  validation {
    condition     = contains(["single", "per-az", "none"], var.nat)
    error_message = "nat is \"single\", \"per-az\" or \"none\"."
  }
}

variable "interface_endpoints" {
  description = "Private ways to AWS' own services, some 66 USD a month in three zones. Worth it with nat = \"none\" only."
  type        = bool
  default     = false
}

variable "compute" {
  description = "karpenter: our own Karpenter on two system nodes. auto: EKS Auto Mode, no Helm for compute, about 12 % more for nodes."
  type        = string
  default     = "karpenter"

  validation {
    condition     = contains(["karpenter", "auto"], var.compute)
    error_message = "compute is \"karpenter\" or \"auto\"."
  }
}

variable "node_ami_version" {
  description = "Release of Amazon's image for nodes; not needed with compute = \"auto\"."
  type        = string
  default     = null

  validation {
    condition     = var.compute == "auto" || can(regex("^v20[0-9]{6}$", var.node_ami_version))
    error_message = "node_ami_version must name a release such as \"v20260702\", so that nodes change when you say so. Ask for the newest with: aws ssm get-parameter --name /aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/recommended/release_version"
  }
}

variable "system_instance_type" {
  description = "Type of the two system nodes (arm64)."
  type        = string
  default     = "t4g.medium"
}

variable "buffer" {
  description = <<-TEXT
    Warm capacity for clones. strategy: "placeholder" (low-priority pods that a clone pushes off) or "static" (replicas of the pool).
    nodes, slots: how many of each. schedule: when, or null for always; needs placeholders.
  TEXT
  type = object({
    strategy       = optional(string, "placeholder")
    nodes          = optional(number, 2)
    slots          = optional(number, 20)
    instance_types = optional(list(string), ["t4g.medium", "c7g.large", "t4g.large"])
    capacity_types = optional(list(string), ["spot", "on-demand"])
    schedule       = optional(object({ timezone = string, start = string, end = string }))
  })
  default = {}

  validation {
    condition     = contains(["placeholder", "static"], var.buffer.strategy)
    error_message = "buffer.strategy is \"placeholder\" or \"static\"."
  }
  validation {
    condition     = var.buffer.nodes >= 1 && var.buffer.nodes <= 20 && floor(var.buffer.nodes) == var.buffer.nodes
    error_message = "buffer.nodes is a whole number from 1 to 20."
  }
  validation {
    condition     = alltrue([for type in var.buffer.instance_types : contains(keys(local.prices.instances), type)]) && length(var.buffer.instance_types) > 0
    error_message = "buffer.instance_types may hold ${join(", ", keys(local.prices.instances))}; add others to infra/prices.json with their size and price."
  }
  validation {
    condition     = alltrue([for type in var.buffer.instance_types : contains(var.architectures, try(local.prices.instances[type].arch, "arm64"))])
    error_message = "buffer.instance_types holds a type of an architecture that architectures does not name: add the architecture there, or take the type out."
  }
  validation {
    condition     = var.compute != "auto" || !anytrue([for type in var.buffer.instance_types : can(regex("[.](nano|micro|small)$", type))])
    error_message = "buffer.instance_types holds a nano, micro or small: EKS Auto Mode starts none of them. Take medium or larger, such as \"t4g.medium\"."
  }
  validation {
    condition     = var.buffer.slots >= 1 && var.buffer.slots <= var.buffer.nodes * min([for type in var.buffer.instance_types : try(module.capacity.fits[type], 0)]...)
    error_message = "buffer.slots do not fit: ${var.buffer.nodes} nodes of the smallest type hold ${var.buffer.nodes * min([for type in var.buffer.instance_types : try(module.capacity.fits[type], 0)]...)} clones of ${var.clone_size.cpu_m}m and ${var.clone_size.memory_mi} MiB. Write buffer.slots = ${var.buffer.nodes * min([for type in var.buffer.instance_types : try(module.capacity.fits[type], 0)]...)} or less, raise buffer.nodes, or name larger instance types."
  }
  validation {
    condition     = var.buffer.schedule == null || var.buffer.strategy == "placeholder"
    error_message = "buffer.schedule needs buffer.strategy = \"placeholder\": a static pool is not scaled by the clock. Take the schedule out or change the strategy."
  }
}

variable "general" {
  description = "Ceiling of the general pool."
  type        = object({ cpu = optional(number, 100), memory_gi = optional(number, 400) })
  default     = {}
}

variable "architectures" {
  description = "Processor architectures that all images exist for."
  type        = list(string)
  default     = ["arm64", "amd64"]

  validation {
    condition     = length(var.architectures) > 0 && alltrue([for a in var.architectures : contains(["arm64", "amd64"], a)])
    error_message = "architectures holds \"arm64\", \"amd64\" or both."
  }
}

variable "clone_size" {
  description = "What one clone requests: millicores and MiB."
  type        = object({ cpu_m = optional(number, 100), memory_mi = optional(number, 192) })
  default     = {}

  validation {
    condition     = var.clone_size.cpu_m >= 10 && var.clone_size.memory_mi >= 64
    error_message = "clone_size is at least 10 millicores and 64 MiB: WordPress does not start with less."
  }
}

variable "images" {
  description = "Digests of the images in the registry that this makes, \"sha256:…\". Push first, then write them here."
  type        = object({ host = optional(string), wordpress = optional(string) })
  default     = {}

  validation {
    condition     = alltrue([for digest in compact([var.images.host, var.images.wordpress]) : can(regex("^sha256:[0-9a-f]{64}$", digest))])
    error_message = "images holds digests, such as \"sha256:\" and 64 hexadecimal digits, not tags: a tag says nothing about what runs."
  }
}

variable "store_images" {
  description = "Images of what others make, by digest: the tag says what it is, the digest what runs."
  type        = object({ redis = optional(string, "public.ecr.aws/docker/library/redis:7.4-alpine@sha256:ff02b58f971e7d7d156a1267e283fcbbeee91773b6aa36c49dac28ecfe28eadf"), mariadb = optional(string, "public.ecr.aws/docker/library/mariadb:11.4@sha256:611a2fcc5fa7c6ceb8644c6f74b25ede004ff6c3a6b38c8f8c23d3bbf6c26430"), kubectl = optional(string, "docker.io/alpine/k8s:1.34.1@sha256:ec714df3813b5405292860f8a1c55c5727bf8c33c88992f1e981efad8065547f") })
  default     = {}

  validation {
    condition     = alltrue([for image in values(var.store_images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "store_images names images by digest: image@sha256: and 64 hexadecimal digits."
  }
}

variable "database" {
  description = "PostgreSQL that holds the event log. keep: refuse to delete it, and leave a snapshot."
  type = object({
    class       = optional(string, "db.t4g.micro")
    multi_az    = optional(bool, false)
    backup_days = optional(number, 14)
    keep        = optional(bool, true)
  })
  default = {}

  validation {
    condition     = var.database.backup_days >= 1
    error_message = "database.backup_days is at least 1: the event log is the only store that nothing else can bring back."
  }
}

variable "clone_database" {
  description = "MariaDB of the clones. in-cluster: a StatefulSet of the overlays. rds: a server of AWS."
  type        = object({ mode = optional(string, "in-cluster"), class = optional(string, "db.t4g.small") })
  default     = {}

  validation {
    condition     = contains(["in-cluster", "rds"], var.clone_database.mode)
    error_message = "clone_database.mode is \"in-cluster\" or \"rds\"."
  }
}

variable "redis" {
  description = "Redis that holds the journal. in-cluster: one Redis on a volume, every write synced. memorydb: Amazon MemoryDB."
  type        = object({ mode = optional(string, "in-cluster"), class = optional(string, "db.t4g.small"), acl = optional(string, "open-access") })
  default     = {}

  validation {
    condition     = contains(["in-cluster", "memorydb"], var.redis.mode)
    error_message = "redis.mode is \"in-cluster\" or \"memorydb\". ElastiCache is no choice: it acknowledges writes that a failover loses."
  }
}

variable "admins" {
  description = "Who may do everything in the cluster: name = ARN of an IAM role or user. Whoever applies must be among them."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.admins) > 0
    error_message = "admins is empty, and nobody could enter the cluster, this apply included. Write { you = \"<ARN>\" } with the role or user that `aws sts get-caller-identity` shows; for an assumed role, the ARN of the role itself."
  }
  validation {
    condition     = alltrue([for arn in values(var.admins) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/", arn))])
    error_message = "admins holds ARNs of IAM roles or users (arn:aws:iam::<account>:role/<name>), not of sessions (arn:aws:sts::…:assumed-role/…)."
  }
}

variable "deployers" {
  description = "Pipelines that apply the overlays."
  type        = map(string)
  default     = {}
}

variable "operators" {
  description = "People who look after it: restart, scale, follow the runbook."
  type        = map(string)
  default     = {}
}

variable "viewers" {
  description = "Who may look, not at Secrets."
  type        = map(string)
  default     = {}
}

variable "budget_usd" {
  description = "What a month may cost. Mail goes out at 50 %, 80 % and when 100 % is forecast."
  type        = number
  default     = 0

  validation {
    condition     = var.budget_usd > 0
    error_message = "budget_usd is 0: nobody would be told when something runs away. Write what a month may cost; about ${ceil(local.cost.total / 50) * 50} leaves room over the estimate."
  }
}

variable "budget_email" {
  description = "Who is told."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.budget_email))
    error_message = "budget_email is an address that somebody reads."
  }
}

variable "chart_versions" {
  description = "Versions of the Helm charts."
  type        = object({ karpenter = optional(string, "1.14.1"), keda = optional(string, "2.20.2"), traefik = optional(string, "37.4.0") })
  default     = {}
}

variable "tools" {
  description = "The programs that are called, by name or path."
  type        = object({ kubectl = optional(string, "kubectl"), helm = optional(string, "helm"), aws = optional(string, "aws") })
  default     = {}
}
