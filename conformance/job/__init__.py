"""The `CreateProcessingJob` request, validated; its objects; the variations in which checks have it run."""
