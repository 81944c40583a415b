output "postgresql" {
  description = "Where the event log is, and the ARN of the secret that holds its administrator. Never the secret."
  value = {
    host       = aws_db_instance.events.address
    port       = aws_db_instance.events.port
    secret_arn = aws_db_instance.events.master_user_secret[0].secret_arn
  }
}

output "redis_host" {
  value = local.redis ? aws_memorydb_cluster.journal[0].cluster_endpoint[0].address : null
}

output "mariadb_host" {
  value = local.clone ? aws_db_instance.clones[0].address : null
}
