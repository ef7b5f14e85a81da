# Aurora Serverless v2, when var.aurora says so: the one part that has to last, looked after by somebody else.

resource "aws_security_group" "database" {
  count  = var.aurora ? 1 : 0
  name   = "phiomia-database"
  vpc_id = aws_vpc.server.id

  ingress {
    description     = "The server"
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.server.id]
  }
}

resource "aws_db_subnet_group" "database" {
  count      = var.aurora ? 1 : 0
  name       = "phiomia"
  subnet_ids = [aws_subnet.first.id, aws_subnet.second.id]
}

resource "aws_rds_cluster" "database" {
  count                     = var.aurora ? 1 : 0
  cluster_identifier        = "phiomia"
  engine                    = "aurora-postgresql"
  engine_mode               = "provisioned"
  database_name             = "phiomia"
  master_username           = "phiomia"
  master_password           = var.database_password
  db_subnet_group_name      = aws_db_subnet_group.database[0].name
  vpc_security_group_ids    = [aws_security_group.database[0].id]
  storage_encrypted         = true
  backup_retention_period   = 7
  deletion_protection       = true
  final_snapshot_identifier = "phiomia-last"

  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 2
  }
}

resource "aws_rds_cluster_instance" "database" {
  count              = var.aurora ? 1 : 0
  identifier         = "phiomia-1"
  cluster_identifier = aws_rds_cluster.database[0].id
  engine             = aws_rds_cluster.database[0].engine
  instance_class     = "db.serverless"
}
