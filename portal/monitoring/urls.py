"""The staff pages under /pantauan, and the way in and out."""

from django.urls import include, path

from portal.monitoring import urls_figures
from portal.monitoring.views import account, entrance, log, passwords, people, readers, searches, today

app_name = "monitoring"

urlpatterns = [
    # The way in and out
    path("masuk", entrance.sign_in, name="sign_in"),
    path("masuk/kode", entrance.second_factor, name="second_factor"),
    path("masuk/pasang", entrance.set_up_factor, name="set_up_factor"),
    path("masuk/lupa", passwords.forgot, name="forgot"),
    path("masuk/sandi/<str:token>", passwords.set_password, name="set_password"),
    path("keluar", entrance.sign_out, name="sign_out"),
    # Situation
    path("pantauan", today.today, name="today"),
    path("pantauan/laporan-pembaca", readers.error_reports, name="error_reports"),
    path("pantauan/laporan-pembaca/<int:pk>", readers.settle_error_report, name="settle_error_report"),
    path("pantauan/pencarian", searches.search_quality, name="search_quality"),
    path("pantauan/pencarian/tersimpan", searches.saved_searches, name="saved_searches"),
    path("pantauan/pencarian/tersimpan/<int:pk>", searches.open_saved_search, name="open_saved_search"),
    path(
        "pantauan/pencarian/tersimpan/<int:pk>/hapus",
        searches.delete_saved_search,
        name="delete_saved_search",
    ),
    # Figures: activity, reports, saved views
    path("pantauan/", include(urls_figures)),
    # Accounts and the log
    path("pantauan/akun", account.account, name="account"),
    path("pantauan/akun/sesi", account.end_sessions, name="end_sessions"),
    path("pantauan/akun/kode-pemulihan", account.renew_codes, name="renew_codes"),
    path("pantauan/akun/cabut-faktor", account.remove_factor, name="remove_factor"),
    path("pantauan/petugas", people.people, name="people"),
    path("pantauan/petugas/<int:pk>", people.change_account, name="change_account"),
    path("pantauan/catatan", log.log, name="log"),
    path("pantauan/catatan.csv", log.export, name="log_csv"),
]
