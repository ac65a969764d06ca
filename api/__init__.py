"""The search-box HTTP endpoint: Meilisearch's wire format over the engine, and a search page."""
