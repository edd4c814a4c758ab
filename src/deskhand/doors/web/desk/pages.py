"""The desk's pages, in the order in which their addresses are tried."""

from deskhand.doors.web.desk import (
    articles,
    bulk,
    customers,
    filing,
    frame,
    macros,
    palette,
    queue,
    reports,
    revisions,
    settings_brand,
    settings_categories,
    settings_people,
    settings_system,
    settings_views,
    spam,
    ticket,
)

# `/desk/tickets/new` would read as a ticket's address: filing comes first.
routes = [
    *frame.routes,
    *queue.routes,
    *bulk.routes,
    *palette.routes,
    *spam.routes,
    *filing.routes,
    *ticket.routes,
    *customers.routes,
    *reports.routes,
    *revisions.routes,
    *articles.routes,
    *macros.routes,
    *settings_people.routes,
    *settings_categories.routes,
    *settings_brand.routes,
    *settings_system.routes,
    *settings_views.routes,
]
