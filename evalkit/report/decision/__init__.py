"""The decision as a page, terminal tables and JSON: draws what analysis and the verdict computed."""
