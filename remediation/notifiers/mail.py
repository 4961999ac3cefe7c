"""E-mail, by the mail server of the settings."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from remediation.core.text import clean_line, clean_text
from remediation.notifiers.message import Message, NotSent


def send(message: Message) -> None:
    """Send one mail. ``payload``: subject, text, html ("" for none) and headers. Raises NotSent.

    Its Message-ID is the key, so a mail that arrives twice is recognised as one by whoever files it.
    """
    payload = message.payload
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {str(name): clean_line(value, 900) for name, value in dict(payload.get("headers", {})).items()}
    mail = EmailMultiAlternatives(
        subject=clean_line(payload["subject"], 200),
        body=clean_text(payload["text"], 200_000),
        to=[message.to],
        headers={**headers, "Message-ID": f"<{message.key}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    if payload.get("html"):
        mail.attach_alternative(payload["html"], "text/html")
    for name, content_type, content in message.attachments:
        mail.attach(name, content, content_type)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()), (0, b""))[0]
        raise NotSent(f"The mail server refuses the address ({code}).", status=code, final=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        away = not isinstance(error, smtplib.SMTPDataError)
        text = f"The mail server answered {error.smtp_code}."
        raise NotSent(text, status=error.smtp_code, away=away) from error
    except ValueError as error:  # a header or an address that cannot be written
        raise NotSent("The mail cannot be written; its address or subject is none.", final=True) from error
    except smtplib.SMTPNotSupportedError as error:
        text = "The mail server offers no STARTTLS or no sign-in. A relay on this machine needs ?tls=no in EMAIL_URL."
        raise NotSent(text, away=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent("The mail server does not answer.", away=True) from error
