variable "name" {
  type = string
}

variable "project" {
  type = string
}

variable "budget_usd" {
  type = number
}

variable "email" {
  type = string
}
