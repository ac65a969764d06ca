"""Judgements: what to have graded, by whom, how well the judges agree, and a language model as one more judge."""
