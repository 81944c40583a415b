output "zone_arn" {
  value = data.aws_route53_zone.this.arn
}

output "certificate_arn" {
  value = aws_acm_certificate_validation.this.certificate_arn
}
