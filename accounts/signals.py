"""What apps to the right of accounts may hear.

team_panels  sent while a team's page is drawn, with team (Team), user (User) and
             request (HttpRequest). Each receiver returns a list of parts to show on
             the page, as safe HTML.
"""

from django.dispatch import Signal

team_panels = Signal()
