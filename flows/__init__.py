"""The schedule: each flow gathers, calls winback, reports. The only place that imports Prefect.

State of letters never lives in Prefect: a killed run leaves nothing to mend, the next one goes on from winback's own tables.
"""

import os

# A quiet, offline Prefect unless the environment says otherwise; a busy machine needs longer than its 20 s to start a server.
for _name, _value in (
    ("DO_NOT_TRACK", "1"),
    ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
    ("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120"),
    ("PREFECT_LOGGING_LEVEL", "WARNING"),
):
    os.environ.setdefault(_name, _value)
