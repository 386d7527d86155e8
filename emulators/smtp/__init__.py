"""A mail server that keeps letters and delivers none."""

from emulators.smtp.routes import create_app
from emulators.smtp.server import MailServer, running_mail

__all__ = ["MailServer", "create_app", "running_mail"]
