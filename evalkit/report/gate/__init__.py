"""A gate's result for its readers: sentences, terminal, page, summaries and formats of build servers."""
