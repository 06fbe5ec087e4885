variable "name" {
  description = "Begins the name of everything that is made."
  type        = string
  default     = "ingestd"
}

variable "log_buckets" {
  description = "The buckets that AWS writes logs to, by name. Only these may be named by a notice, and only these can be read."
  type        = list(string)
}

variable "announce" {
  description = "How the buckets tell of new objects: eventbridge (turned on in their properties), or s3 (their notifications are replaced by one to the queue)."
  type        = string
  default     = "eventbridge"

  validation {
    condition     = contains(["eventbridge", "s3"], var.announce)
    error_message = "Either eventbridge or s3."
  }
}

variable "log_key_arn" {
  description = "The KMS key of the log buckets, where they have one of their own."
  type        = string
  default     = ""
}

variable "sink" {
  description = "Where documents go: opensearch or firehose."
  type        = string
  default     = "opensearch"

  validation {
    condition     = contains(["opensearch", "firehose"], var.sink)
    error_message = "Either opensearch or firehose."
  }
}

variable "opensearch_url" {
  description = "The cluster, for sink = opensearch."
  type        = string
  default     = ""
}

variable "opensearch_auth" {
  description = "How requests are signed: sigv4, basic, api_key or none."
  type        = string
  default     = "sigv4"
}

variable "opensearch_username" {
  description = "For basic."
  type        = string
  default     = ""
}

variable "opensearch_secret_arn" {
  description = "For basic and api_key, the secret whose whole text is the password or the key."
  type        = string
  default     = ""
}

variable "opensearch_domain_arn" {
  description = "For sigv4, the domain's ARN, so that the task may write to it."
  type        = string
  default     = ""
}

variable "firehose_stream" {
  description = "The stream's name, for sink = firehose."
  type        = string
  default     = ""
}

variable "image" {
  description = "The image of ingestd, by digest if it can be."
  type        = string
}

variable "architecture" {
  description = "What the image was built for: X86_64 or ARM64."
  type        = string
  default     = "X86_64"
}

variable "cpu" {
  description = "CPU units of a task; one process fills all that it is given."
  type        = number
  default     = 1024
}

variable "memory" {
  description = "MiB of a task."
  type        = number
  default     = 2048
}

variable "vpc_id" {
  description = "Where the tasks run."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets with a way out, or public ones with assign_public_ip."
  type        = list(string)
}

variable "assign_public_ip" {
  description = "In public subnets, whose tasks have no other way to the image and to SQS."
  type        = bool
  default     = false
}

variable "tasks_min" {
  description = "The fewest tasks."
  type        = number
  default     = 1
}

variable "tasks_max" {
  description = "The most tasks; what they can write at once is what the sink must bear."
  type        = number
  default     = 10
}

variable "tasks_on_demand" {
  description = "Tasks that are never Spot. A task that Spot takes away loses nothing, its messages come again."
  type        = number
  default     = 1
}

variable "spot_weight" {
  description = "Share of the other tasks on Fargate Spot."
  type        = number
  default     = 4
}

variable "on_demand_weight" {
  description = "Share of the other tasks on Fargate."
  type        = number
  default     = 1
}

variable "drain_seconds" {
  description = "How long what is on the queue, waiting and in flight, may take at the measured rate of all tasks."
  type        = number
  default     = 60
}

variable "cpu_percent" {
  description = "The other target."
  type        = number
  default     = 75
}

variable "dead_letter_days" {
  description = "How long dead letters are kept."
  type        = number
  default     = 90
}

variable "log_days" {
  description = "How long the service's own log is kept."
  type        = number
  default     = 30
}

variable "alarm_topic_arn" {
  description = "The SNS topic that alarms go to."
  type        = string
  default     = ""
}

variable "oldest_message_seconds" {
  description = "A notice that waits longer than this raises an alarm."
  type        = number
  default     = 900
}

variable "log_group_name" {
  description = "A log group of CloudWatch to subscribe to, by a Firehose stream: into the first of log_buckets, or with inlet_url to the service."
  type        = string
  default     = ""
}

variable "inlet_url" {
  description = "Where Firehose reaches the inlet, as https://NAME/firehose: a load balancer of yours before port 8443."
  type        = string
  default     = ""
}

variable "inlet_secret_arn" {
  description = "The secret with the endpoint's access key, as {\"api_key\":\"...\"}; opens port 8443."
  type        = string
  default     = ""
}

variable "inlet_spool_bucket" {
  description = "One of log_buckets: calls are answered once they are objects there, and not only when they are delivered."
  type        = string
  default     = ""
}

variable "inlet_target_group_arn" {
  description = "The load balancer's target group: HTTP, port 8443, targets by ip; health checks on port 8080, /readyz."
  type        = string
  default     = ""
}

variable "inlet_security_group_id" {
  description = "The load balancer's security group, which may reach ports 8080 to 8443."
  type        = string
  default     = ""
}
