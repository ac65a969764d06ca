"""What to show a shopper who has not asked: methods that each know one thing, and the blend of them that is served."""
