# The zone is somebody's already; its records and one certificate for all clones are ours. The record of the load balancer itself is
# external-dns' business: the load balancer is Kubernetes', and not there yet when this is planned.

data "aws_route53_zone" "this" {
  name         = var.zone
  private_zone = false
}

resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"

  lifecycle { create_before_destroy = true }
}

# Domain and wildcard are validated by the same record.
resource "aws_route53_record" "validation" {
  zone_id         = data.aws_route53_zone.this.zone_id
  name            = one(toset([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_name]))
  type            = one(toset([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_type]))
  records         = toset([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_value])
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}
