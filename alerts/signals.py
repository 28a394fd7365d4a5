"""What apps to the right of alerts may hear.

alert_panels  sent while an alert's page is drawn, with alert (Alert), user (User) and
              at (datetime). Each receiver returns a list of `catalog.panels.Panel`
              to show on the page.
"""

from django.dispatch import Signal

alert_panels = Signal()
