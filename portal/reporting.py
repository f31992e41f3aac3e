"""What a process sets up before its first request or task: error reports where they are wanted, and the
names of tasks in the log."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django_q.signals import post_execute, pre_execute

from portal import logs


def begin() -> None:
    pre_execute.connect(_name_task, dispatch_uid="portal.reporting")
    post_execute.connect(_forget_task, dispatch_uid="portal.reporting")
    if settings.SENTRY_DSN:
        report_to(settings.SENTRY_DSN)


def report_to(dsn: str) -> None:
    """Errors go there with their traceback; no reader's address, cookie, body or question."""
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        dsn=dsn,
        release=settings.VERSION,
        max_request_body_size="never",
        include_local_variables=False,
        traces_sample_rate=None,
        default_integrations=False,
        integrations=[DjangoIntegration(), LoggingIntegration()],
        before_send=without_readers,
    )


def without_readers(event: Any, hint: dict[str, Any]) -> Any:
    """What Sentry's integration adds of the request, less what could tell who asked for what."""
    request = event.get("request", {})
    event["request"] = {name: request[name] for name in ("url", "method") if name in request}
    event.pop("user", None)
    event.pop("breadcrumbs", None)
    if name := logs.request_id.get():
        event.setdefault("tags", {})["request"] = name
    return event


def _name_task(sender: Any, task: dict[str, Any], **more: Any) -> None:
    logs.task_id.set(str(task.get("id", "")))


def _forget_task(sender: Any, task: dict[str, Any], **more: Any) -> None:
    logs.task_id.set("")
