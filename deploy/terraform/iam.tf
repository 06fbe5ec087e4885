# What the tasks may do. The actions are those of deploy/iam-policy.json, which a test compares with the calls in the code;
# here each statement gets its resources, and one without any is left out.
locals {
  task_resources = {
    ReceiveNotices   = [aws_sqs_queue.notices.arn]
    ReadLogs         = [for arn in local.log_bucket_arns : "${arn}/*"]
    WriteDeadLetters = ["${aws_s3_bucket.dead_letters.arn}/ingestd/dead-letters/*"]
    SpoolCalls       = local.spools ? ["arn:${local.partition}:s3:::${var.inlet_spool_bucket}/ingestd/spool/*"] : []
    PutRecords       = var.sink == "firehose" ? ["arn:${local.partition}:firehose:${local.region}:${local.account}:deliverystream/${var.firehose_stream}"] : []
    WriteDocuments   = var.sink == "opensearch" && var.opensearch_domain_arn != "" ? ["${var.opensearch_domain_arn}/_bulk"] : []
  }

  task_statements = [
    for each in jsondecode(file("${path.module}/../iam-policy.json")).Statement :
    merge(each, { Resource = local.task_resources[each.Sid] }) if length(local.task_resources[each.Sid]) > 0
  ]

  spools     = var.inlet_secret_arn != "" && var.inlet_spool_bucket != ""
  has_secret = var.sink == "opensearch" && var.opensearch_secret_arn != ""

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-task-"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  name = "ingestd"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.task_statements, var.log_key_arn == "" ? [] : [{
      Sid       = "ReadEncryptedLogs"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.log_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
    }])
  })
}

# What ECS may do to start a task.
resource "aws_iam_role" "execution" {
  name_prefix        = "${var.name}-start-"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "SignInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid      = "PullImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = ["arn:${local.partition}:ecr:*:*:repository/*"]
      },
      {
        Sid      = "WriteOwnLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.service.arn}:*"]
      },
      ], local.has_secret ? [{
        Sid      = "ReadSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.opensearch_secret_arn]
        }] : [], var.inlet_secret_arn != "" ? [{
        Sid      = "ReadInletSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.inlet_secret_arn]
    }] : [])
  })
}
