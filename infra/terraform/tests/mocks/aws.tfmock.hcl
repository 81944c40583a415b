# Answers of AWS that the provider would not take if they were random text. Account 111122223333 is the one of AWS' own examples.

mock_data "aws_availability_zones" {
  defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"] }
}

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "111122223333"
    arn        = "arn:aws:sts::111122223333:assumed-role/builder/session"
  }
}

mock_data "aws_iam_session_context" {
  defaults = { issuer_arn = "arn:aws:iam::111122223333:role/builder" }
}

mock_data "aws_route53_zone" {
  defaults = {
    zone_id = "Z0000000000000000000"
    arn     = "arn:aws:route53:::hostedzone/Z0000000000000000000"
  }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::111122223333:role/mock" }
}

mock_resource "aws_iam_policy" {
  defaults = { arn = "arn:aws:iam::111122223333:policy/mock" }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000" }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:us-east-1:111122223333:mock"
    url = "https://sqs.us-east-1.amazonaws.com/111122223333/mock"
  }
}

mock_resource "aws_cloudwatch_event_rule" {
  defaults = { arn = "arn:aws:events:us-east-1:111122223333:rule/mock" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:us-east-1:111122223333:log-group:mock" }
}

mock_resource "aws_launch_template" {
  defaults = { id = "lt-00000000000000000", latest_version = 1 }
}

mock_resource "aws_ecr_repository" {
  defaults = { repository_url = "111122223333.dkr.ecr.us-east-1.amazonaws.com/clonehub-staging/host" }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"
    domain_validation_options = [
      { domain_name = "clones.example.net", resource_record_name = "_x.clones.example.net", resource_record_type = "CNAME", resource_record_value = "_y.acm.example.net" },
      { domain_name = "*.clones.example.net", resource_record_name = "_x.clones.example.net", resource_record_type = "CNAME", resource_record_value = "_y.acm.example.net" },
    ]
  }
}

mock_resource "aws_acm_certificate_validation" {
  defaults = { certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000" }
}

mock_resource "aws_ce_anomaly_monitor" {
  defaults = { arn = "arn:aws:ce::111122223333:anomalymonitor/00000000-0000-0000-0000-000000000000" }
}

mock_resource "aws_db_instance" {
  defaults = {
    address            = "events.mock.us-east-1.rds.amazonaws.com"
    port               = 5432
    master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:rds-mock", kms_key_id = "mock", secret_status = "active" }]
  }
}

mock_resource "aws_eks_cluster" {
  defaults = {
    endpoint              = "https://api.mock.invalid"
    arn                   = "arn:aws:eks:us-east-1:111122223333:cluster/clonehub-staging"
    certificate_authority = [{ data = "bW9jaw==" }]
  }
}

mock_resource "aws_memorydb_cluster" {
  defaults = { cluster_endpoint = [{ address = "journal.mock.memorydb.us-east-1.amazonaws.com", port = 6379 }] }
}
