variable "name" {
  type = string
}

variable "kubernetes_version" {
  type = string
}

variable "compute" {
  type = string
}

variable "subnets" {
  type = list(string)
}

variable "public_access_cidrs" {
  type = list(string)
}

variable "node_role_arn" {
  description = "Role of the nodes of Auto Mode."
  type        = string
}
