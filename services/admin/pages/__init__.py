"""The admin's pages, one module each."""

from services.admin.pages import (
    experiences,
    home,
    members,
    pass_editing,
    passes,
    profile,
    spaces,
    team,
)

ROUTERS = (
    home.router,
    profile.router,
    spaces.router,
    experiences.router,
    pass_editing.router,
    passes.router,
    members.router,
    team.router,
)
