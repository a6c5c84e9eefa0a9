"""The baselines: a Flask page that says hello, and one that reads one row; nothing of ours."""

import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Parent of the one table."""


class Row(Base):
    """One row."""

    __tablename__ = "row"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


db = SQLAlchemy(metadata=Base.metadata)
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["BARE_DATABASE_URL"]
db.init_app(app)
with app.app_context():
    db.metadata.create_all(db.engine)
    if db.session.get(Row, 1) is None:
        db.session.add(Row(id=1, text="hello"))
        db.session.commit()
        db.session.remove()


@app.get("/bare")
def bare() -> str:
    """A page without anything."""
    return "<!doctype html><title>hello</title><p>hello"


@app.get("/row")
def row() -> str:
    """A page with one row."""
    found = db.session.get(Row, 1)
    return f"<!doctype html><title>hello</title><p>{found.text if found else ''}"
