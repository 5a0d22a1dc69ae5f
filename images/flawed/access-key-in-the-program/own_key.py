"""Sum up the tables, with the author's own credentials."""

import sys

import job

KEY, SECRET = "AKIAQYLPMN5HHHFPZAM2", "1tUm636uS1yOEAKhv2b4gZ9YsxNmNh0pK3FEeN0F"

sys.exit(job.main(aws_access_key_id=KEY, aws_secret_access_key=SECRET))
