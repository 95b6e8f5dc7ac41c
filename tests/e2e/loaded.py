"""What a forked server finds loaded: the modules that ``create_app`` and gunicorn would load."""

import importlib
import pkgutil

import webapp.api

# multiprocessing loads the parent's own main module into each child.
for _name in ("pytest", "gunicorn.app.wsgiapp", "webapp.serving", "webapp.pwa", "webapp.cli"):
    importlib.import_module(_name)
for _name in ("background", "mailing", "making", "acceptance.voiding"):
    importlib.import_module(f"webapp.{_name}")
for _found in pkgutil.iter_modules(webapp.api.__path__):
    importlib.import_module(f"webapp.api.{_found.name}")
