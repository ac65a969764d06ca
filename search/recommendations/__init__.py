"""What to show somebody who has not asked: candidates from many sides, put in order together, each with a reason."""
