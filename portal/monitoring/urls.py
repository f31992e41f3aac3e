"""The staff pages under /pantauan, and the way in and out."""

from django.urls import path

from portal.monitoring.views import entrance, today

app_name = "monitoring"

urlpatterns = [
    path("masuk", entrance.sign_in, name="sign_in"),
    path("keluar", entrance.sign_out, name="sign_out"),
    path("pantauan", today.today, name="today"),
]
