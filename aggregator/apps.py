from django.apps import AppConfig


class AggregatorConfig(AppConfig):
    name = "aggregator"
    verbose_name = "Agregator"
    default_auto_field = "django.db.models.BigAutoField"
