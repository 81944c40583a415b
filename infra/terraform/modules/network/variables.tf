variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "cidr" {
  type = string
}

variable "nat" {
  type = string
}

variable "interface_endpoints" {
  type = bool
}
