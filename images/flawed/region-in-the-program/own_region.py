"""Sum up the tables, as if all jobs ran in Ireland."""

import sys

import job

sys.exit(job.main(region_name="eu-west-1"))
