mock_provider "aws" {
  source = "./tests/mocks"
}

run "karpenter" {
  module { source = "./modules/karpenter" }
  variables {
    cluster = "clonehub-test"
    region  = "us-east-1"
    auto    = false
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.news) == 5
    error_message = "Karpenter hears of five kinds of events."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue_policy.news[0].policy).Statement[1].Condition.Bool["aws:SecureTransport"] == "false" && jsondecode(aws_sqs_queue_policy.news[0].policy).Statement[1].Effect == "Deny"
    error_message = "The queue takes TLS only."
  }
  assert {
    condition     = can(jsondecode(aws_sqs_queue_policy.news[0].policy).Statement[0].Condition.ArnEquals["aws:SourceArn"])
    error_message = "Only our rules send to the queue."
  }
  assert {
    condition     = alltrue([for p in aws_iam_policy.controller : length(p.policy) < 6144])
    error_message = "AWS takes 6,144 characters of a managed policy."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_policy.controller["rest"].policy).Statement : s if s.Sid == "GiveNodesTheirRole"]).Resource == [aws_iam_role.node.arn]
    error_message = "Karpenter passes the role that its nodes really have."
  }
  assert {
    condition     = alltrue(flatten([for p in aws_iam_policy.controller : [for s in jsondecode(p.policy).Statement : alltrue([for action in s.Action : !strcontains(action, "*")])]]))
    error_message = "No action is a pattern."
  }
  assert {
    condition     = toset(flatten([for p in aws_iam_policy.controller : [for s in jsondecode(p.policy).Statement : s.Sid if contains(s.Resource, "*")]])) == toset(["Look", "ReadPrices", "ListInstanceProfiles"])
    error_message = "Only looking is allowed on everything."
  }
}

run "auto" {
  module { source = "./modules/karpenter" }
  variables {
    cluster = "clonehub-test"
    region  = "us-east-1"
    auto    = true
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.news) == 0 && length(aws_iam_role.controller) == 0
    error_message = "Auto Mode needs neither events nor a role of ours."
  }
}
