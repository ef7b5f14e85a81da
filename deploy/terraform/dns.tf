# The names of the server itself: written here once, or with var.dns_at_boot by the server, whose role may write this one name
# and no other. The bare domain of the handles, when it is another one, stays with who serves it.

data "aws_route53_zone" "zone" {
  name = var.zone
}

resource "aws_route53_record" "four" {
  count   = var.dns_at_boot ? 0 : 1
  zone_id = data.aws_route53_zone.zone.zone_id
  name    = local.web_domain
  type    = "A"
  ttl     = 300
  records = [aws_eip.server.public_ip]
}

resource "aws_route53_record" "six" {
  count   = var.dns_at_boot ? 0 : 1
  zone_id = data.aws_route53_zone.zone.zone_id
  name    = local.web_domain
  type    = "AAAA"
  ttl     = 300
  records = aws_instance.server.ipv6_addresses
}

resource "aws_iam_role" "dns" {
  count = var.dns_at_boot ? 1 : 0
  name  = "phiomia-dns"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "ec2.amazonaws.com" }
      },
    ]
  })
}

resource "aws_iam_role_policy" "dns" {
  count = var.dns_at_boot ? 1 : 0
  name  = "phiomia-dns"
  role  = aws_iam_role.dns[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "route53:ListResourceRecordSets"
        Resource = data.aws_route53_zone.zone.arn
      },
      {
        Effect   = "Allow"
        Action   = "route53:ChangeResourceRecordSets"
        Resource = data.aws_route53_zone.zone.arn
        Condition = {
          "ForAllValues:StringEquals" = {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [local.web_domain, "_acme-challenge.${local.web_domain}"]
            "route53:ChangeResourceRecordSetsRecordTypes"           = ["A", "AAAA", "TXT"]
          }
        }
      },
      {
        Effect   = "Allow"
        Action   = "route53:GetChange"
        Resource = "arn:aws:route53:::change/*"
      },
    ]
  })
}

resource "aws_iam_instance_profile" "dns" {
  count = var.dns_at_boot ? 1 : 0
  name  = "phiomia-dns"
  role  = aws_iam_role.dns[0].name
}
