"""The program `processing-conformance`: jobs that are run as AWS would run them, without being judged."""
