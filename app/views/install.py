"""Puts the HTTP side into the app: loaded by name with the agents, so an error in it ends the start."""

from app.application import app
from app.views.server import Web

app.web = Web(app)
