"""Who may see what. Every row that staff pages show or export comes through `satker_of` or `within`, every
view through `@staff`; a test walks through all views with all roles and holds them to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.models import User
from portal.monitoring import audit

Role = User.Role
NATIONAL = (Role.ADMIN, Role.VIEWER)
EVERYBODY = tuple(Role)

P = ParamSpec("P")
R = TypeVar("R", bound=Model)


class StaffView(Protocol):
    """A view that says which roles it serves."""

    __name__: str
    roles: tuple[User.Role, ...]


VIEWS: dict[str, StaffView] = {}  # every view behind `@staff`, by module and name


def satker_of(user: User | AnonymousUser) -> SatkerQuerySet:
    """The satker whose rows this account may see: the one base of all staff pages and exports."""
    everything = Satker.objects.all()
    if not isinstance(user, User) or not user.is_active:
        return everything.none()
    if user.role in NATIONAL:
        return everything
    if user.satker is None:
        return everything.none()
    if user.role == Role.PROVINCE:
        if user.satker.province_id is None:
            return everything.none()
        return everything.filter(province=user.satker.province_id)
    return everything.filter(pk=user.satker.pk)


def within(user: User | AnonymousUser, rows: QuerySet[R], satker: str = "satker") -> QuerySet[R]:
    """Of these rows those of satker that the account may see; `satker` is the look-up that leads there."""
    if isinstance(user, User) and user.is_active and user.role in NATIONAL:
        return rows
    return rows.filter(**{f"{satker}__in": satker_of(user).order_by().values("pk")})


def own_or_404(user: User, rows: QuerySet[R], satker: str = "satker", **key: object) -> R:
    """One row by its key. What is outside the account's scope is not told apart from what does not exist."""
    found = within(user, rows, satker).filter(**key).first()
    if found is None:
        raise Http404(_("Data ini tidak ada, atau berada di luar wilayah akun Anda."))
    return found


def staff_user(request: HttpRequest) -> User:
    """The account behind a request that came through `@staff`."""
    return cast("User", request.user)


def staff(
    *roles: User.Role,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Of a view: only for staff who signed in, with one of these roles (any by default). Anonymous readers
    are led to sign in, another role gets 403. Nothing of it is kept by caches."""
    wanted = roles or EVERYBODY

    def guard(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User) or not user.is_active:
                return redirect_to_login(request.get_full_path())
            if user.role not in wanted:
                raise PermissionDenied
            with audit.acting(request):
                response = view(request, *args, **kwargs)
            response.headers["Cache-Control"] = "no-store, private"
            return response

        guarded.roles = wanted  # type: ignore[attr-defined]
        VIEWS[f"{view.__module__}.{view.__name__}"] = cast("StaffView", guarded)
        return guarded

    return guard
