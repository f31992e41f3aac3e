"""Addresses of activity, reports, alarms and saved views under /pantauan."""

from django.urls import path

from portal.monitoring.views import activity, alerts, reports, saved, targets

urlpatterns = [
    path("aktivitas", activity.activity, name="activity"),
    path("aktivitas.<str:ending>", activity.activity, name="activity_file"),
    path("aktivitas/banding", activity.comparison, name="comparison"),
    path("aktivitas/banding.<str:ending>", activity.comparison, name="comparison_file"),
    path("aktivitas/kewajiban", activity.duty, name="duties"),
    path("aktivitas/kewajiban.<str:ending>", activity.duty, name="duties_file"),
    path("aktivitas/satker/<str:code>", activity.one_office, name="office_activity"),
    path("aktivitas/target", targets.target, name="targets"),
    path("aktivitas/target.<str:ending>", targets.target, name="targets_file"),
    path("aktivitas/target/simpan", targets.save_target, name="save_target"),
    path("aktivitas/pengecualian", targets.add_exemption, name="add_exemption"),
    path("aktivitas/pengecualian/<int:pk>/hapus", targets.delete_exemption, name="delete_exemption"),
    path("laporan", reports.reports, name="reports"),
    path("laporan/bulanan.pdf", reports.monthly_pdf, name="monthly_pdf"),
    path("laporan/<int:number>", reports.report, name="report"),
    path("laporan/<int:number>.<str:ending>", reports.report, name="report_file"),
    path("tampilan", saved.save_view, name="save_view"),
    path("tampilan/<int:pk>/hapus", saved.delete_view, name="delete_view"),
    path("peringatan", alerts.alerts, name="alerts"),
    path("peringatan.<str:ending>", alerts.alerts, name="alerts_file"),
    path("peringatan/diketahui", alerts.acknowledge, name="acknowledge"),
    path("pemberitahuan", alerts.outbox, name="outbox"),
    path("pemberitahuan/<int:pk>/kirim-lagi", alerts.send_again, name="send_again"),
    path("webhook", alerts.add_webhook, name="add_webhook"),
    path("webhook/<int:pk>", alerts.switch_webhook, name="switch_webhook"),
    path("ringkasan", alerts.digest, name="digest"),
    path("ringkasan/pilihan", alerts.pick, name="pick"),
]
