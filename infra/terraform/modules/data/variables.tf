variable "name" {
  type = string
}

variable "vpc_id" {
  type = string
}

variable "subnets" {
  type = list(string)
}

variable "node_security_group_id" {
  type = string
}

variable "database" {
  type = object({ class = string, multi_az = bool, backup_days = number, keep = bool })
}

variable "clone_database" {
  type = object({ mode = string, class = string })
}

variable "redis" {
  type = object({ mode = string, class = string, acl = string })
}
