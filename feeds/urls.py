"""Addresses of the outbound feeds."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
