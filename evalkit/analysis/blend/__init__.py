"""Two models' results on the same docs → what a combination of them would score and cost."""
