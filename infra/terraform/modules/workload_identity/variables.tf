variable "cluster" {
  type = string
}

variable "auto" {
  type = bool
}

variable "zone_arn" {
  type = string
}
