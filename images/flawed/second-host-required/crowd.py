"""Count words in company."""

import sys

import wordcount

if len(wordcount.Job().hosts) == 1:
    sys.exit("expected at least two hosts")
sys.exit(wordcount.main())
