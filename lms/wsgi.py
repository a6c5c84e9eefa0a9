"""What a WSGI server imports: the application made from the environment."""

from lms.app import create_app

app = create_app()
