variable "domain" {
  description = "The API answers here, clones one name below."
  type        = string
}

variable "zone" {
  description = "The hosted zone of Route 53 that the domain lies in."
  type        = string
}
