# A log group, by Firehose and without a function: into a log bucket, or straight to the service.
locals {
  has_log_group     = var.log_group_name != ""
  delivers_directly = local.has_log_group && var.inlet_url != "" && var.inlet_secret_arn != ""
}

resource "aws_security_group_rule" "inlet" {
  count                    = var.inlet_security_group_id == "" ? 0 : 1
  type                     = "ingress"
  security_group_id        = aws_security_group.service.id
  source_security_group_id = var.inlet_security_group_id
  protocol                 = "tcp"
  from_port                = 8080
  to_port                  = 8443
  description              = "health and calls, from the load balancer"
}

# Who delivers the stream, and who puts onto it. Each service tells in its own words for which account it acts.
resource "aws_iam_role" "group" {
  for_each = !local.has_log_group ? {} : {
    deliver   = { service = "firehose.amazonaws.com", account_key = "sts:ExternalId" }
    subscribe = { service = "logs.amazonaws.com", account_key = "aws:SourceAccount" }
  }

  name_prefix = "${var.name}-${each.key}-"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = each.value.service }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { (each.value.account_key) = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "group_stream" {
  count = local.has_log_group ? 1 : 0
  name  = "deliver"
  role  = aws_iam_role.group["deliver"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
        Resource = ["${local.log_bucket_arns[0]}/cloudwatch/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = [local.log_bucket_arns[0]]
      },
      ], local.delivers_directly ? [{
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.inlet_secret_arn]
    }] : [])
  })
}

resource "aws_kinesis_firehose_delivery_stream" "group" {
  count       = local.has_log_group ? 1 : 0
  name        = "${var.name}-group"
  destination = local.delivers_directly ? "http_endpoint" : "extended_s3"

  dynamic "extended_s3_configuration" {
    for_each = local.delivers_directly ? [] : [1]

    content {
      role_arn            = aws_iam_role.group["deliver"].arn
      bucket_arn          = local.log_bucket_arns[0]
      prefix              = "cloudwatch/"
      error_output_prefix = "cloudwatch/errors/"
      compression_format  = "UNCOMPRESSED" # what CloudWatch sends is compressed already
      buffering_size      = 64
      buffering_interval  = 60
    }
  }

  dynamic "http_endpoint_configuration" {
    for_each = local.delivers_directly ? [1] : []

    content {
      name               = "ingestd"
      url                = var.inlet_url
      role_arn           = aws_iam_role.group["deliver"].arn
      buffering_size     = 4
      buffering_interval = 5
      retry_duration     = 7200 # the longest; then the call is an object of the log bucket, and read from there
      s3_backup_mode     = "FailedDataOnly"

      request_configuration {
        content_encoding = "GZIP"
      }

      secrets_manager_configuration {
        enabled    = true
        secret_arn = var.inlet_secret_arn
        role_arn   = aws_iam_role.group["deliver"].arn
      }

      s3_configuration {
        role_arn   = aws_iam_role.group["deliver"].arn
        bucket_arn = local.log_bucket_arns[0]
        prefix     = "cloudwatch/"
      }
    }
  }
}

resource "aws_iam_role_policy" "subscription" {
  count = local.has_log_group ? 1 : 0
  name  = "put"
  role  = aws_iam_role.group["subscribe"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
      Resource = [aws_kinesis_firehose_delivery_stream.group[0].arn]
    }]
  })
}

resource "aws_cloudwatch_log_subscription_filter" "group" {
  count           = local.has_log_group ? 1 : 0
  name            = "${var.name}-group"
  log_group_name  = var.log_group_name
  filter_pattern  = ""
  destination_arn = aws_kinesis_firehose_delivery_stream.group[0].arn
  role_arn        = aws_iam_role.group["subscribe"].arn
  depends_on      = [aws_iam_role_policy.subscription]
}
