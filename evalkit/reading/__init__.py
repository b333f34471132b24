"""Reads answers: what a model wrote, and the one value that it states, or that none could be read.

Every reader has the same contract, `read(answer, context) -> Reading`. It evaluates nothing, takes time linear in the
text, and never guesses: a text that states two values, or none, is not read, and says so in `how`.
"""
