variable "cluster" {
  type = string
}

variable "auto" {
  type = bool
}

variable "node_role_arn" {
  type = string
}

variable "admins" {
  type = map(string)
}

variable "deployers" {
  type = map(string)
}

variable "operators" {
  type = map(string)
}

variable "viewers" {
  type = map(string)
}
