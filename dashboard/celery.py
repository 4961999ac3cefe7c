"""The Celery application: JSON messages that are only hints, because the pass's row is the truth."""

from __future__ import annotations

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_success, worker_process_init, worker_ready, worker_shutdown
from kombu import Queue

_COLLECT = ("run_pass", "run_check", "ask", "clear_folders")  # what needs git, the sandbox or the mirrors

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("remediation")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    event_serializer="json",
    task_ignore_result=True,
    timezone="UTC",
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 30, "health_check_interval": 25},
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=50,  # bounds what a leak can hold
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    # Early acknowledgement: a message that is delivered again after the visibility timeout would start a healthy
    # pass a second time, while a lost one costs one tick: dispatch sends it again from the row.
    task_acks_late=False,
    task_default_queue="default",
    # Without a key of its own each queue would get the messages of both.
    task_queues=[Queue("default", routing_key="default"), Queue("collect", routing_key="collect")],
    task_routes={f"remediation.tasks.{name}": {"queue": "collect"} for name in _COLLECT},
    beat_schedule={
        # A tick that waited longer than its period is worthless: the next one does its work.
        "dispatch": {"task": "remediation.tasks.dispatch", "schedule": 15.0, "options": {"expires": 15.0}},
        "issue_reports": {"task": "dashboard.tasks.issue_reports", "schedule": 60.0, "options": {"expires": 60.0}},
    },
)
app.autodiscover_tasks(["remediation", "dashboard"])


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Being connected is enough: Celery then leaves LOGGING of the settings as it is."""


@worker_process_init.connect
def _end_with_the_worker(**_: object) -> None:
    """A pool process whose worker was killed would go on with its pass, and its target with it."""
    from billiard.process import current_process

    from dashboard.processes import die_with_parent

    # A pool of one is the worker's own process, and nobody's child as far as the pool knows.
    die_with_parent(signal.SIGKILL, current_process()._parent_pid or os.getppid())


@worker_ready.connect
def _begin(sender: Any = None, **_: object) -> None:
    """What was due or lost while no worker ran starts now, not at beat's next tick."""
    from dashboard.heartbeat import note_worker

    note_worker(sender.hostname)
    app.send_task("remediation.tasks.dispatch", expires=15.0)


@worker_shutdown.connect
def _say_goodbye(sender: Any = None, **_: object) -> None:
    from dashboard.heartbeat import forget_worker

    forget_worker(sender.hostname)


@task_success.connect
def _note_task(sender: Any = None, **_: object) -> None:
    from dashboard.heartbeat import note_dispatch, note_worker

    if worker := getattr(sender.request, "hostname", None):
        note_worker(worker)
    if sender.name == "remediation.tasks.dispatch":
        note_dispatch()


@app.on_after_configure.connect
def _schedule_file(sender: Celery, **_: object) -> None:
    from django.conf import settings

    sender.conf.beat_schedule_filename = settings.BEAT_SCHEDULE_FILE
