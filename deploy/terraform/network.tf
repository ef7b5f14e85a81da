# A network of two zones, because a database wants two, with IPv4 and IPv6; open are 80 and 443, and nothing else.

data "aws_availability_zones" "here" {
  state = "available"
}

resource "aws_vpc" "server" {
  cidr_block                       = "10.20.0.0/16"
  assign_generated_ipv6_cidr_block = true
  enable_dns_hostnames             = true
}

resource "aws_internet_gateway" "server" {
  vpc_id = aws_vpc.server.id
}

resource "aws_subnet" "first" {
  vpc_id            = aws_vpc.server.id
  availability_zone = data.aws_availability_zones.here.names[0]
  cidr_block        = cidrsubnet(aws_vpc.server.cidr_block, 8, 1)
  ipv6_cidr_block   = cidrsubnet(aws_vpc.server.ipv6_cidr_block, 8, 1)
}

resource "aws_subnet" "second" {
  vpc_id            = aws_vpc.server.id
  availability_zone = data.aws_availability_zones.here.names[1]
  cidr_block        = cidrsubnet(aws_vpc.server.cidr_block, 8, 2)
  ipv6_cidr_block   = cidrsubnet(aws_vpc.server.ipv6_cidr_block, 8, 2)
}

resource "aws_route_table" "server" {
  vpc_id = aws_vpc.server.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.server.id
  }

  route {
    ipv6_cidr_block = "::/0"
    gateway_id      = aws_internet_gateway.server.id
  }
}

resource "aws_route_table_association" "first" {
  subnet_id      = aws_subnet.first.id
  route_table_id = aws_route_table.server.id
}

resource "aws_security_group" "server" {
  name   = "phiomia-server"
  vpc_id = aws_vpc.server.id

  ingress {
    description      = "The authority for certificates, and the way to https"
    from_port        = 80
    to_port          = 80
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }

  ingress {
    description      = "Everybody"
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }

  egress {
    description      = "Other servers, mail, names"
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}
