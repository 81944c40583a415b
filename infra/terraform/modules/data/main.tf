# Stores that must outlive the cluster. The event log is PostgreSQL. Redis and the clones' MariaDB run in the cluster unless asked for here
# (docs/adr/0025-redis-on-a-volume.md).

locals {
  redis = var.redis.mode == "memorydb"
  clone = var.clone_database.mode == "rds"
}

resource "aws_kms_key" "stores" {
  description             = "${var.name}: databases"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_security_group" "stores" {
  name        = "${var.name}-stores"
  description = "Databases, from the nodes of the cluster only"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "nodes" {
  for_each = merge({ postgresql = 5432 }, local.redis ? { redis = 6379 } : {}, local.clone ? { mariadb = 3306 } : {})

  security_group_id            = aws_security_group.stores.id
  referenced_security_group_id = var.node_security_group_id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_db_parameter_group" "events" {
  name   = "${var.name}-events"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "events" {
  identifier     = "${var.name}-events"
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.database.class
  db_name        = "clonehub"
  username       = "clonehub_admin"

  # AWS makes the password, keeps it in Secrets Manager and changes it: it is in no plan, no state and no file.
  manage_master_user_password = true

  multi_az                            = var.database.multi_az
  allocated_storage                   = 20
  max_allocated_storage               = 200
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.stores.arn
  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.stores.id]
  parameter_group_name                = aws_db_parameter_group.events.name
  publicly_accessible                 = false
  iam_database_authentication_enabled = true
  backup_retention_period             = var.database.backup_days
  copy_tags_to_snapshot               = true
  auto_minor_version_upgrade          = true
  performance_insights_enabled        = var.database.class != "db.t4g.micro"
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  deletion_protection                 = var.database.keep
  skip_final_snapshot                 = !var.database.keep
  final_snapshot_identifier           = var.database.keep ? "${var.name}-events-final" : null
}

# Clones are temporary: no backup, no second zone, no protection.
resource "aws_db_instance" "clones" {
  count = local.clone ? 1 : 0

  identifier                  = "${var.name}-clones"
  engine                      = "mariadb"
  engine_version              = "11.4"
  instance_class              = var.clone_database.class
  username                    = "clonehub_admin"
  manage_master_user_password = true
  allocated_storage           = 50
  max_allocated_storage       = 200
  storage_type                = "gp3"
  storage_encrypted           = true
  kms_key_id                  = aws_kms_key.stores.arn
  db_subnet_group_name        = aws_db_subnet_group.this.name
  vpc_security_group_ids      = [aws_security_group.stores.id]
  publicly_accessible         = false
  backup_retention_period     = 0
  skip_final_snapshot         = true
}

resource "aws_memorydb_subnet_group" "this" {
  count = local.redis ? 1 : 0

  name       = var.name
  subnet_ids = var.subnets
}

# Its log lies in three zones before a write is acknowledged. One shard, so that a script finds all its keys; the key prefix must be a
# hash tag. Users and passwords are made by hand, because Terraform would keep them in its state; open-access is closed by the network.
resource "aws_memorydb_cluster" "journal" {
  count = local.redis ? 1 : 0

  name                     = "${var.name}-journal"
  acl_name                 = var.redis.acl
  node_type                = var.redis.class
  engine                   = "valkey"
  engine_version           = "7.3"
  num_shards               = 1
  num_replicas_per_shard   = 1
  subnet_group_name        = aws_memorydb_subnet_group.this[0].name
  security_group_ids       = [aws_security_group.stores.id]
  kms_key_arn              = aws_kms_key.stores.arn
  tls_enabled              = true
  snapshot_retention_limit = 7
}
