"""The customers' pages. What has a name stands before tickets, whose references an address could else be taken for."""

from deskhand.doors.web.portal import api_keys, new, preferences, thread, tickets

routes = [*tickets.routes, *new.routes, *api_keys.routes, *preferences.routes, *thread.routes]
