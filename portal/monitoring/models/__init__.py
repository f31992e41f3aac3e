"""What monitoring keeps: who did what, sign-in, migration notes; targets, alerts, saved views."""
