"""Running it: backups, metrics, and who outside must hear that it lives."""

from pathlib import Path

from .env import HOME, env

BACKUP_DIR = Path(env.str("BACKUP_DIR", "") or HOME / "backups")

# The numbers tell how busy a security team is: without a token or an address that may ask there are none.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
METRICS_ALLOW = env.list("METRICS_ALLOW", default=[])
# Where the processes of one web server put their counts together; one process needs none.
METRICS_DIR = env.str("METRICS_DIR", "")

# The address is a secret: whoever knows it can keep the alarm from going off.
DEADMAN_URL = env.str("DEADMAN_URL", "")
