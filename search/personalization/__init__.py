"""Candidates and a profile → candidates in this shopper's order, never past what was asked for, with a receipt."""
