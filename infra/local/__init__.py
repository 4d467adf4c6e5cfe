"""One machine, one command: set-up, embedded PostgreSQL and the supervisor behind `make run`."""
