"""Pages that were clicked on → weights of the score parts. The story is in `training`; docs/learning-to-rank.md."""
