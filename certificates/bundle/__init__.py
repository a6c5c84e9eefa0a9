"""The bundle that outlives us: static files with which any web server answers every certificate ever issued.

The rule that matters most: it says what the register said on the day it was made, and says that it does. From then on
nothing can be revoked or changed, and whoever reads it is told.
"""

from certificates.bundle.making import YEARS, Made, make

__all__ = ["YEARS", "Made", "make"]
