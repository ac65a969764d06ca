"""Relevance evaluation: run judged queries through the engine, measure the run, compare runs."""
