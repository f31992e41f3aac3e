"""The staff pages under /pantauan, and the way in and out."""

from django.urls import path

from portal.monitoring.views import entrance, searches, today

app_name = "monitoring"

urlpatterns = [
    path("masuk", entrance.sign_in, name="sign_in"),
    path("keluar", entrance.sign_out, name="sign_out"),
    path("pantauan", today.today, name="today"),
    path("pantauan/pencarian", searches.search_quality, name="search_quality"),
    path("pantauan/pencarian/tersimpan", searches.saved_searches, name="saved_searches"),
    path("pantauan/pencarian/tersimpan/<int:pk>", searches.open_saved_search, name="open_saved_search"),
    path(
        "pantauan/pencarian/tersimpan/<int:pk>/hapus",
        searches.delete_saved_search,
        name="delete_saved_search",
    ),
]
