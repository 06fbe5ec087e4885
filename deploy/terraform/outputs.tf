output "queue_url" {
  description = "The queue of notices."
  value       = aws_sqs_queue.notices.url
}

output "given_up_queue_url" {
  description = "What the queue gave up."
  value       = aws_sqs_queue.dead_letters.url
}

output "dead_letter_bucket" {
  description = "What could not be delivered, under ingestd/dead-letters/."
  value       = aws_s3_bucket.dead_letters.bucket
}

output "task_role_arn" {
  description = "To be mapped to a role of the domain that may create indices and write."
  value       = aws_iam_role.task.arn
}
