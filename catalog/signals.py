"""What apps to the right of the catalog may hear.

asset_panels  sent while an asset's page is drawn, with asset (Asset), user (User) and
              at (datetime). Each receiver returns a list of `catalog.panels.Panel`
              to show on the page.
"""

from django.dispatch import Signal

asset_panels = Signal()
