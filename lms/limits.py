"""How often one address may try: sign-in, codes and verification codes are counted with Flask-Limiter."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address)

SIGN_IN = "10 per minute; 60 per hour"
CODE = "20 per minute; 100 per hour"
VERIFY = "60 per minute; 600 per hour"
REPORT = "5 per minute; 30 per hour"
