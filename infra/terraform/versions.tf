terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # State is locked by a file beside it. Bucket, key and region come from environments/example.s3.tfbackend.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
