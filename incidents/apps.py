from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from accounts.signals import team_holds, team_moving, team_panels
        from alerts.signals import alert_panels, alerts_kept, incidents_of_alerts
        from catalog.signals import asset_merging, asset_panels, known_faults
        from incidents import follow_panels, handing_over, quiet, receivers
        from incidents.services import asset_merges, conditions, team_ends
        from oncall.signals import (
            acknowledged_activity,
            acknowledgement_lapsed,
            handoff_matters,
            page_acknowledged,
            page_escalated,
            page_progress,
            page_resolved,
        )

        page_acknowledged.connect(receivers.hear_acknowledgement)
        page_resolved.connect(receivers.hear_resolved)
        page_escalated.connect(receivers.hear_escalated)
        acknowledged_activity.connect(receivers.tell_activity)
        acknowledgement_lapsed.connect(receivers.hear_lapsed)
        page_progress.connect(receivers.hear_progress)
        handoff_matters.connect(handing_over.tell_open_incidents)
        asset_panels.connect(receivers.show_on_asset_page)
        asset_panels.connect(follow_panels.show_on_asset_page)
        known_faults.connect(conditions.tell_faults)
        team_panels.connect(follow_panels.show_on_team_page)
        team_holds.connect(team_ends.tell_holdings)
        team_moving.connect(team_ends.follow_team)
        asset_merging.connect(asset_merges.follow_merge)
        alert_panels.connect(receivers.show_on_alert_page)
        alerts_kept.connect(receivers.keep_alerts)
        incidents_of_alerts.connect(quiet.tell_incidents_of)
