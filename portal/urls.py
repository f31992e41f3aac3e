"""Every address of the portal. `feeds.urls` holds what goes out as feeds."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("pantauan/admin/", admin.site.urls),
    path("feeds/", include("feeds.urls")),
]
