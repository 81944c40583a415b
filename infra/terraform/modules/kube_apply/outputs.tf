output "digest" {
  description = "Known when the objects have been applied."
  value       = terraform_data.objects.id
}
