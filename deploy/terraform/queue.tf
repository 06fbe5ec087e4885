data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  region          = data.aws_region.current.name
  account         = data.aws_caller_identity.current.account_id
  partition       = data.aws_partition.current.partition
  log_bucket_arns = [for name in var.log_buckets : "arn:${local.partition}:s3:::${name}"]
}

resource "aws_sqs_queue" "dead_letters" {
  name_prefix               = "${var.name}-given-up-"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "notices" {
  name_prefix                = "${var.name}-notices-"
  visibility_timeout_seconds = 300
  message_retention_seconds  = 1209600
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true

  # A message is received again after each crash, each scale-in and each delay; only what never ends belongs there.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 20
  })
}

resource "aws_sqs_queue_policy" "notices" {
  queue_url = aws_sqs_queue.notices.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "BucketsTell"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.notices.arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account }
          ArnEquals    = { "aws:SourceArn" = local.log_bucket_arns }
        }
      },
      {
        Sid       = "EventBridgeTells"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.notices.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "OnlyEncrypted"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.notices.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_s3_bucket_notification" "logs" {
  for_each = var.announce == "s3" ? toset(var.log_buckets) : toset([])
  bucket   = each.value

  queue {
    queue_arn = aws_sqs_queue.notices.arn
    events    = ["s3:ObjectCreated:*"]
  }

  depends_on = [aws_sqs_queue_policy.notices]
}

resource "aws_cloudwatch_event_rule" "new_objects" {
  count       = var.announce == "eventbridge" ? 1 : 0
  name_prefix = "${var.name}-"
  description = "New objects in the log buckets, to the queue of ingestd"

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail      = { bucket = { name = var.log_buckets } }
  })
}

resource "aws_cloudwatch_event_target" "queue" {
  count = var.announce == "eventbridge" ? 1 : 0
  rule  = aws_cloudwatch_event_rule.new_objects[0].name
  arn   = aws_sqs_queue.notices.arn
}

# What cannot be delivered, with the reason beside it.
resource "aws_s3_bucket" "dead_letters" {
  bucket_prefix = "${var.name}-dead-letters-"
}

resource "aws_s3_bucket_public_access_block" "dead_letters" {
  bucket                  = aws_s3_bucket.dead_letters.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "dead_letters" {
  bucket = aws_s3_bucket.dead_letters.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "dead_letters" {
  bucket = aws_s3_bucket.dead_letters.id

  rule {
    id     = "forget"
    status = "Enabled"

    filter {}

    expiration {
      days = var.dead_letter_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}
