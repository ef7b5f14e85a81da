# A closed bucket for pictures and films, when var.bucket names one, and a key that may do what docs/hosting/s3.md says and
# no more. The server hands its files out.

resource "aws_s3_bucket" "files" {
  count  = var.bucket == "" ? 0 : 1
  bucket = var.bucket
}

resource "aws_s3_bucket_public_access_block" "files" {
  count                   = var.bucket == "" ? 0 : 1
  bucket                  = aws_s3_bucket.files[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_iam_user" "files" {
  count = var.bucket == "" ? 0 : 1
  name  = "phiomia-files"
}

resource "aws_iam_user_policy" "files" {
  count = var.bucket == "" ? 0 : 1
  name  = "phiomia-files"
  user  = aws_iam_user.files[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = aws_s3_bucket.files[0].arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = "${aws_s3_bucket.files[0].arn}/*"
      },
    ]
  })
}

resource "aws_iam_access_key" "files" {
  count = var.bucket == "" ? 0 : 1
  user  = aws_iam_user.files[0].name
}
