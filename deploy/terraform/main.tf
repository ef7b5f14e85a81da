# A server of Phiomia on Amazon Web Services: one machine with a fixed address, its names in Route 53, and, when wanted, a
# database and a bucket beside it. The bare domain, when it is another one: phiomia apex print s3-terraform > apex.tf

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

locals {
  web_domain = var.web_domain == "" ? var.domain : var.web_domain

  # What signs Aurora's certificate is known to no system: its own authorities are fetched once.
  authorities = "/etc/phiomia/global-bundle.pem"
  prepare     = var.aurora ? "curl -fsSLo ${local.authorities} https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem" : "true"

  # What the configuration says beside the domains; names as in docs/config.md.
  database_settings = var.aurora ? {
    "database.url"     = "postgres://phiomia:${var.database_password}@${aws_rds_cluster.database[0].endpoint}/phiomia?sslmode=verify-full"
    "database.ca_file" = local.authorities
  } : {}
  bucket_settings = var.bucket == "" ? {} : {
    "s3.enabled"           = "true"
    "s3.bucket"            = var.bucket
    "s3.region"            = var.region
    "s3.access_key_id"     = aws_iam_access_key.files[0].id
    "s3.secret_access_key" = aws_iam_access_key.files[0].secret
  }
  dns_settings = var.dns_at_boot ? {
    "dns.provider"        = "route53"
    "dns.route53_zone_id" = data.aws_route53_zone.zone.zone_id
  } : {}
  settings = merge(local.database_settings, local.bucket_settings, local.dns_settings)
}

data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"]

  filter {
    name   = "name"
    values = ["debian-12-arm64-*"]
  }
}

resource "aws_instance" "server" {
  ami                    = data.aws_ami.debian.id
  instance_type          = var.instance_type
  subnet_id              = aws_subnet.first.id
  vpc_security_group_ids = [aws_security_group.server.id]
  ipv6_address_count     = 1
  iam_instance_profile   = var.dns_at_boot ? aws_iam_instance_profile.dns[0].name : null
  # Until the fixed address is there, for the package has to be fetched.
  associate_public_ip_address = true
  user_data_replace_on_change = false

  user_data = templatefile("${path.module}/cloud-init.yaml", {
    package_url = var.package_url
    prepare     = local.prepare
    domain      = var.domain
    web_domain  = local.web_domain
    handle      = var.handle
    email       = var.email
    address     = aws_eip.server.public_ip
    settings    = join(" ", [for key, value in local.settings : "--set '${key}=${value}'"])
  })

  root_block_device {
    volume_size = 16
    volume_type = "gp3"
    encrypted   = true
    # Without a database elsewhere everything that people wrote is here.
    delete_on_termination = false
  }

  metadata_options {
    http_tokens = "required"
  }

  lifecycle {
    # A newer image is no reason to throw the machine away.
    ignore_changes = [ami, user_data]
  }

  tags = {
    Name = local.web_domain
  }
}

resource "aws_eip" "server" {
  domain = "vpc"
}

resource "aws_eip_association" "server" {
  instance_id   = aws_instance.server.id
  allocation_id = aws_eip.server.id
}

output "address" {
  description = "Where the server is"
  value       = "https://${local.web_domain}"
}

output "next" {
  description = "How the owner signs in for the first time"
  value       = "on the machine: sudo -u phiomia phiomia account owner-link"
}
