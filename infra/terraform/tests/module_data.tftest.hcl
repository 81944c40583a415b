mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                   = "clonehub-test"
  vpc_id                 = "vpc-mock"
  subnets                = ["subnet-a", "subnet-b"]
  node_security_group_id = "sg-mock"
  database               = { class = "db.t4g.micro", multi_az = false, backup_days = 14, keep = true }
  clone_database         = { mode = "in-cluster", class = "db.t4g.small" }
  redis                  = { mode = "in-cluster", class = "db.t4g.small", acl = "open-access" }
}

run "event_log_only" {
  module { source = "./modules/data" }

  assert {
    condition     = aws_db_instance.events.manage_master_user_password && aws_db_instance.events.password == null
    error_message = "AWS makes and keeps the password."
  }
  assert {
    condition     = aws_db_instance.events.deletion_protection && !aws_db_instance.events.skip_final_snapshot && aws_db_instance.events.storage_encrypted && !aws_db_instance.events.publicly_accessible
    error_message = "The event log is kept, encrypted and private."
  }
  assert {
    condition     = length(aws_db_instance.clones) == 0 && length(aws_memorydb_cluster.journal) == 0
    error_message = "Redis and the clones' MariaDB run in the cluster."
  }
  assert {
    condition     = toset(keys(aws_vpc_security_group_ingress_rule.nodes)) == toset(["postgresql"])
    error_message = "Only nodes reach it, by one port."
  }
}

run "managed" {
  module { source = "./modules/data" }
  variables {
    clone_database = { mode = "rds", class = "db.t4g.small" }
    redis          = { mode = "memorydb", class = "db.t4g.small", acl = "clonehub" }
  }

  assert {
    condition     = aws_memorydb_cluster.journal[0].tls_enabled && aws_memorydb_cluster.journal[0].num_shards == 1 && aws_memorydb_cluster.journal[0].engine == "valkey"
    error_message = "The journal is in one shard, over TLS."
  }
  assert {
    condition     = aws_db_instance.clones[0].manage_master_user_password && length(aws_vpc_security_group_ingress_rule.nodes) == 3
    error_message = "No password is ours; three ports are open to nodes."
  }
}
