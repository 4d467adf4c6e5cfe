"""The queue: the job row is the record, the broker is only the doorbell. The one bridge to ``inference``."""
