resource "aws_cloudwatch_log_group" "service" {
  name_prefix       = "${var.name}-"
  retention_in_days = var.log_days
}

resource "aws_ecs_cluster" "service" {
  name = var.name

  # The number of running tasks, which the backlog is divided by, is a metric of Container Insights.
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "service" {
  cluster_name       = aws_ecs_cluster.service.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_security_group" "service" {
  name_prefix = "${var.name}-"
  description = "ingestd - to AWS and to the sink, nothing from outside"
  vpc_id      = var.vpc_id

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

locals {
  # An empty variable is an unset one.
  environment = {
    INGESTD_AWS__REGION           = local.region
    INGESTD_QUEUE__URL            = aws_sqs_queue.notices.url
    INGESTD_QUEUE__BUCKETS        = join(",", var.log_buckets)
    INGESTD_DEAD_LETTERS__BUCKET  = aws_s3_bucket.dead_letters.bucket
    INGESTD_INLET__PORT           = var.inlet_secret_arn != "" ? "8443" : ""
    INGESTD_INLET__SPOOL_BUCKET   = local.spools ? var.inlet_spool_bucket : ""
    INGESTD_LOG__FORM             = "json"
    INGESTD_LOG__EMF_NAMESPACE    = "ingestd/${var.name}"
    INGESTD_SINKS__MAIN__KIND     = var.sink
    INGESTD_SINKS__MAIN__STREAM   = var.sink == "firehose" ? var.firehose_stream : ""
    INGESTD_SINKS__MAIN__URL      = var.sink == "opensearch" ? var.opensearch_url : ""
    INGESTD_SINKS__MAIN__AUTH     = var.sink == "opensearch" ? var.opensearch_auth : ""
    INGESTD_SINKS__MAIN__USERNAME = var.sink == "opensearch" ? var.opensearch_username : ""
  }

  secrets = concat(local.has_secret ? [{
    name      = var.opensearch_auth == "api_key" ? "INGESTD_SINKS__MAIN__API_KEY" : "INGESTD_SINKS__MAIN__PASSWORD"
    valueFrom = var.opensearch_secret_arn
    }] : [], var.inlet_secret_arn != "" ? [{
    name      = "INGESTD_INLET__API_KEY"
    valueFrom = "${var.inlet_secret_arn}:api_key::"
  }] : [])
}

resource "aws_ecs_task_definition" "service" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  # Begins as a copy of what the image holds there: the compiled fast path.
  volume {
    name = "compiled"
  }

  container_definitions = jsonencode([{
    name                   = "ingestd"
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    user                   = "10001:10001"
    stopTimeout            = 30
    portMappings           = [{ containerPort = 8080, protocol = "tcp" }, { containerPort = 8443, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "compiled", containerPath = "/var/cache/ingestd", readOnly = false }]
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    environment            = [for name, value in local.environment : { name = name, value = value }]
    secrets                = local.secrets
    healthCheck = {
      command     = ["CMD", "ingestd", "health"]
      interval    = 15
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.service.name
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = "ingestd"
        "mode"                  = "non-blocking"
        "max-buffer-size"       = "4m"
      }
    }
  }])
}

resource "aws_ecs_service" "service" {
  name                               = var.name
  cluster                            = aws_ecs_cluster.service.id
  task_definition                    = aws_ecs_task_definition.service.arn
  desired_count                      = var.tasks_min
  propagate_tags                     = "SERVICE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = var.tasks_on_demand
    weight            = var.on_demand_weight
  }

  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = var.spot_weight
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "load_balancer" {
    for_each = var.inlet_target_group_arn == "" ? [] : [var.inlet_target_group_arn]

    content {
      target_group_arn = load_balancer.value
      container_name   = "ingestd"
      container_port   = 8443
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = var.assign_public_ip
  }

  # Their number is the autoscaling's from here on.
  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_ecs_cluster_capacity_providers.service, aws_iam_role_policy.task, aws_iam_role_policy.execution]
}
