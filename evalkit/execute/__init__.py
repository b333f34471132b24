"""Plan → run directory. Runs cells in this process, makes every answer durable, and can go on after a crash."""
