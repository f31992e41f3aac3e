from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    name = "portal.monitoring"
    label = "monitoring"
    verbose_name = _("Pantauan")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from aggregator import journal
        from portal.monitoring import audit

        journal.listen(audit.keep)
