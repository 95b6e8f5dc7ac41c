"""What a forked server finds loaded: what ``create_app`` and gunicorn would load, and what it makes once."""

import gc
import importlib
import pkgutil
import tempfile

import webapp.api
from webapp import create_app
from webapp.config import settings_from_env

# multiprocessing loads the parent's own main module into each child.
for _name in ("pytest", "gunicorn.app.wsgiapp", "webapp.serving", "webapp.pwa", "webapp.cli"):
    importlib.import_module(_name)
for _name in ("background", "mailing", "making", "acceptance.voiding"):
    importlib.import_module(f"webapp.{_name}")
for _found in pkgutil.iter_modules(webapp.api.__path__):
    importlib.import_module(f"webapp.api.{_found.name}")

# Mappers, schemas and patterns are made with the first app, and are the same in each that follows.
with tempfile.TemporaryDirectory() as _folder:
    create_app(settings_from_env({"DATA_DIR": _folder}))
# No child walks through all of it again.
gc.collect()
gc.freeze()
