variable "cluster" {
  description = "Name of the cluster. Not a reference to it: its role must exist before it in Auto Mode."
  type        = string
}

variable "region" {
  type = string
}

variable "auto" {
  type = bool
}
