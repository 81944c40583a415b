output "prefix" {
  description = "What every image of our own begins with."
  value       = trimsuffix(aws_ecr_repository.this["host"].repository_url, "host")
}

output "repositories" {
  value = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}
