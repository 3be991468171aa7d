"""Published JSON Schemas of what edgedf writes."""
