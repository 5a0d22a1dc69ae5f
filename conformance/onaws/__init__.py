"""The service on AWS itself: jobs by `CreateProcessingJob`, and what S3, CloudWatch Logs and a description show."""
