"""Where points live: Qdrant Edge in a folder (`edge`), or a Qdrant server (`server`). Import the one you need by name.

Nothing is imported here, so that whoever needs only a point id (`search.storage.payload.point_id`) loads no engine.
"""
