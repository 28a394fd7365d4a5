"""What apps to the right of alerts may hear.

alert_panels  sent while an alert's page is drawn, with alert (Alert), user (User) and
              at (datetime). Each receiver returns a list of `catalog.panels.Panel`
              to show on the page.
incidents_of_alerts  asks, with alert_ids (set of int) and user, which incidents have
              no other alerts than these. Each receiver returns a list of
              `alerts.rule_queries.Opened`.
alerts_kept  asks, with alert_ids (set of int), which old alerts must stay because a
              record rests on them. Each receiver returns a set of ids.
"""

from django.dispatch import Signal

alert_panels = Signal()
incidents_of_alerts = Signal()
alerts_kept = Signal()
