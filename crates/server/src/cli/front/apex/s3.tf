# The bare domain {{local_domain}} as a bucket behind CloudFront, with .well-known led to {{web_domain}}.
#
# Who uses the bucket's own address is led on by its routing rules. Behind CloudFront the function below answers: a
# distribution that does not pass the query string on to the bucket would lose it, and then nobody is found.
# A certificate for CloudFront has to lie in us-east-1.

variable "certificate_arn" {
  description = "Certificate of {{local_domain}} in us-east-1"
  type        = string
}

resource "aws_s3_bucket" "apex" {
  bucket = "{{local_host}}"
}

resource "aws_s3_bucket_website_configuration" "apex" {
  bucket = aws_s3_bucket.apex.id

  index_document {
    suffix = "index.html"
  }

  routing_rule {
    condition {
      key_prefix_equals = ".well-known/webfinger"
    }
    redirect {
      host_name          = "{{web_domain}}"
      protocol           = "https"
      http_redirect_code = "301"
    }
  }

  routing_rule {
    condition {
      key_prefix_equals = ".well-known/host-meta"
    }
    redirect {
      host_name          = "{{web_domain}}"
      protocol           = "https"
      http_redirect_code = "301"
    }
  }

  routing_rule {
    condition {
      key_prefix_equals = ".well-known/nodeinfo"
    }
    redirect {
      host_name          = "{{web_domain}}"
      protocol           = "https"
      http_redirect_code = "301"
    }
  }
}

resource "aws_cloudfront_function" "well_known" {
  name    = "{{name}}-well-known"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = <<-EOT
{{function}}  EOT
}

resource "aws_cloudfront_distribution" "apex" {
  enabled             = true
  is_ipv6_enabled     = true
  aliases             = ["{{local_host}}"]
  default_root_object = "index.html"

  origin {
    origin_id   = "bucket"
    domain_name = aws_s3_bucket_website_configuration.apex.website_endpoint

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "http-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  ordered_cache_behavior {
    path_pattern           = "/.well-known/*"
    target_origin_id       = "bucket"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD", "OPTIONS"]
    cached_methods         = ["GET", "HEAD"]

    # Not kept, and everything passed on: the managed policies CachingDisabled and AllViewerExceptHostHeader.
    cache_policy_id          = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    origin_request_policy_id = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.well_known.arn
    }
  }

  default_cache_behavior {
    target_origin_id       = "bucket"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    # The managed policy CachingOptimized.
    cache_policy_id = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}
