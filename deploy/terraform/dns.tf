# The names of the server itself. The bare domain of the handles, when it is another one, stays with who serves it.

data "aws_route53_zone" "zone" {
  name = var.zone
}

resource "aws_route53_record" "four" {
  zone_id = data.aws_route53_zone.zone.zone_id
  name    = local.web_domain
  type    = "A"
  ttl     = 300
  records = [aws_eip.server.public_ip]
}

resource "aws_route53_record" "six" {
  zone_id = data.aws_route53_zone.zone.zone_id
  name    = local.web_domain
  type    = "AAAA"
  ttl     = 300
  records = aws_instance.server.ipv6_addresses
}
