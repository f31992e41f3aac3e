"""The staff pages under /pantauan, and the way in and out."""

from django.urls import include, path

from portal.monitoring import urls_figures
from portal.monitoring.views import (
    account,
    classification,
    contacts,
    duplicates,
    entrance,
    feed_deeds,
    feeds,
    log,
    migration,
    offices,
    passwords,
    people,
    posts,
    provider,
    quarantine,
    readers,
    searches,
    today,
)

app_name = "monitoring"

urlpatterns = [
    # The way in and out
    path("masuk", entrance.sign_in, name="sign_in"),
    path("masuk/kode", entrance.second_factor, name="second_factor"),
    path("masuk/pasang", entrance.set_up_factor, name="set_up_factor"),
    path("masuk/oidc", provider.leave, name="provider"),
    path("masuk/oidc/kembali", provider.come_back, name="provider_answer"),
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
    path("pantauan/umpan", feeds.feeds, name="feeds"),
    path("pantauan/umpan/calon", feed_deeds.candidates, name="candidates"),
    path("pantauan/umpan/<int:pk>", feeds.feed, name="feed"),
    path("pantauan/umpan/<int:pk>/hasil", feeds.result, name="feed_result"),
    path("pantauan/umpan/<int:pk>/tindakan", feed_deeds.feed_deed, name="feed_deed"),
    path("pantauan/host/<int:pk>", feed_deeds.host_deed, name="host_deed"),
    path("pantauan/migrasi", migration.board, name="migration_board"),
    path("pantauan/migrasi/<str:code>", migration.migration, name="migration"),
    path("pantauan/migrasi/<str:code>/ubah", migration.change_migration, name="change_migration"),
    path("pantauan/migrasi/<str:code>/lihat", migration.look_now, name="look_now"),
    path("pantauan/migrasi/<str:code>/pindah", feed_deeds.announce_move, name="announce_move"),
    path("pantauan/perpindahan/<int:pk>", feed_deeds.move_deed, name="move_deed"),
    # Decisions
    path("pantauan/karantina", quarantine.queue, name="quarantine"),
    path("pantauan/karantina/<int:pk>", quarantine.case, name="case"),
    path("pantauan/karantina/keputusan", quarantine.decision, name="case_decision"),
    path("pantauan/satker/<str:code>", offices.office, name="office"),
    path("pantauan/satker/<str:code>/tahan", offices.hold, name="office_hold"),
    path("pantauan/satker/<str:code>/kontak", contacts.contacts, name="contacts"),
    path("pantauan/berita/<int:pk>", posts.post, name="post"),
    path("pantauan/berita/<int:pk>/keputusan", posts.decide_post, name="decide_post"),
    path("pantauan/berita/<int:pk>/koreksi", posts.correct, name="correct_post"),
    path("pantauan/klasifikasi", classification.classification, name="classification"),
    path("pantauan/duplikat", duplicates.duplicates, name="duplicates"),
    path("pantauan/duplikat/<int:pk>", duplicates.story, name="story"),
    path("pantauan/duplikat/<int:pk>/ubah", duplicates.change_story, name="change_story"),
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
