"""Telling people, in app and by mail, once each, after commit.

A notice kind is a key; its sentence is registered by the stage that owns it and translated when it is read, so that rows hold
parameters and never text. The unique (user, key) makes a message that is computed twice arrive once.
"""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kernel import clock, registry
from kernel.jobs import recurring
from kernel.models import Notice, StandIn

log = logging.getLogger("diandan.notices")

KINDS: dict[str, object] = {
    "deadline.before": _("Soon due: {title} (until {due})"),
    "deadline.after": _("Overdue: {title} (was due {due})"),
}
MAIL_TRIES = 5


def register(kind, sentence):
    """Give a notice kind its (lazily translated) sentence with {parameters}."""
    KINDS[kind] = sentence


def text_of(notice):
    """The notice as a sentence in the active language."""
    sentence = str(KINDS.get(notice.kind, notice.kind))
    try:
        return sentence.format(**notice.params)
    except (KeyError, IndexError):
        return sentence


def notify(user, key, kind, *, subject=None, url="", params=None, due=None):
    """Leave one message for one person; a second call with the same key does nothing. Returns the Notice or None."""
    notice = Notice(
        user=user, key=key[:160], kind=kind, url=url, due=due, params=params or {}, mail_state="waiting" if user.email and user.mail_on else "off"
    )
    if subject is not None:
        notice.subject = subject
    try:
        with transaction.atomic():
            notice.save()
    except IntegrityError:
        return None
    return notice


def notify_all(users, key, kind, **details):
    """The same message for several people, once each."""
    return [notice for user in users if (notice := notify(user, key, kind, **details))]


def unread_count(user):
    return Notice.objects.filter(user=user, read_at=None).count()


def day_and_hour(moment):
    return moment.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M")


def key_of(reminder):
    """One deadline, one phase: a deadline that moves is a new message, the same one computed again is not."""
    return f"{reminder.kind}:{reminder.subject._meta.label_lower}:{reminder.subject.pk}:{reminder.due:%Y%m%d%H%M}:{reminder.phase}"[:160]


@recurring("remind")
def remind():
    """Turn every open deadline that nobody was told of into notices. Computed from "not yet sent", so a day without beat loses none.

    Queries: one per kind of deadline, one for stand-ins and one per 500 open deadlines; writes only what is new.
    """
    reminders = {key_of(reminder): reminder for reminder in registry.open_reminders(clock.now())}
    keys, told = list(reminders), set()
    for start in range(0, len(keys), 500):
        told.update(Notice.objects.filter(key__in=keys[start : start + 500]).values_list("user_id", "key"))
    deputies = deputies_today()
    for key, reminder in reminders.items():
        for user in with_deputies(reminder.users, deputies):
            if (user.pk, key) not in told:
                params = {"title": reminder.title, "due": day_and_hour(reminder.due), "article": reminder.article, "kind": reminder.kind}
                notify(user, key, f"deadline.{reminder.phase}", subject=reminder.subject, url=reminder.url, due=reminder.due, params=params)


def deputies_today():
    """Who stands in today: principal's id -> people."""
    today, found = clock.today(), {}
    for row in StandIn.objects.filter(starts_on__lte=today, ends_on__gte=today, revoked_at=None).select_related("deputy"):
        found.setdefault(row.principal_id, []).append(row.deputy)
    return found


def with_deputies(users, deputies):
    """The people themselves and whoever stands in for them, once each."""
    return {person.pk: person for user in users for person in (user, *deputies.get(user.pk, []))}.values()


@recurring("mail")
def send_waiting_mail(limit=200):
    """Mail what waits. A failure is counted and tried again; after five it is shown as failed."""
    waiting = Notice.objects.filter(mail_state="waiting").select_related("user").order_by("id")[:limit]
    for notice in waiting:
        with translation.override(notice.user.language):
            sentence = text_of(notice)
            body = f"{sentence}\n\n{settings.SITE_URL}{notice.url}\n"
            article = notice.params.get("article")
            if article:
                body += f"\n{article}\n"
        state, tries = "sent", notice.mail_tries + 1
        if not Notice.objects.filter(pk=notice.pk, mail_state="waiting", mail_tries=notice.mail_tries).update(mail_tries=tries):
            continue
        try:
            EmailMessage(f"【点单】{sentence}"[:200].replace("\n", " "), body, to=[notice.user.email]).send()
        except Exception as error:  # whatever the mail backend raises, the notice in the app stands
            log.warning("mail of notice %s failed: %s", notice.pk, error)
            state = "failed" if tries >= MAIL_TRIES else "waiting"
        Notice.objects.filter(pk=notice.pk).update(mail_state=state)
