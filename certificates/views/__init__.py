"""Views of the package; each module with a blueprint `bp` becomes part of the site."""
