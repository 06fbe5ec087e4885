locals {
  alarm_actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  alarm_name          = "${var.name}-oldest-message"
  alarm_description   = "Notices wait too long - too few tasks, or a sink that does not take what they bring (docs/runbook.md)."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.notices.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  threshold           = var.oldest_message_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "given_up" {
  alarm_name          = "${var.name}-given-up"
  alarm_description   = "Notices were given up by the queue after twenty receipts; their objects have not been delivered."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "too_few_tasks" {
  alarm_name          = "${var.name}-too-few-tasks"
  alarm_description   = "Fewer tasks run than the fewest that should."
  namespace           = "ECS/ContainerInsights"
  metric_name         = "RunningTaskCount"
  dimensions          = { ClusterName = aws_ecs_cluster.service.name, ServiceName = aws_ecs_service.service.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  threshold           = var.tasks_min
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_log_metric_filter" "sink_paused" {
  name           = "${var.name}-sink-paused"
  log_group_name = aws_cloudwatch_log_group.service.name
  pattern        = "{ $.event = \"sink paused\" }"

  metric_transformation {
    namespace = "ingestd/${var.name}"
    name      = "SinkPaused"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "sink_paused" {
  alarm_name          = "${var.name}-sink-paused"
  alarm_description   = "A sink takes nothing - a closed or full index, credentials, or the cluster itself; the log says the reason."
  namespace           = "ingestd/${var.name}"
  metric_name         = "SinkPaused"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}
