"""A backup is one file with every row and every upload of one moment, and whatever is in it can be checked.

The rule that matters most: LMS_KEY_ENCRYPTION_KEY is never in it, only the fingerprint; see docs/backup.md.
"""

from lms.backup.making import Made, make
from lms.backup.restoring import Restored, restore

__all__ = ["Made", "Restored", "make", "restore"]
