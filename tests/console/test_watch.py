"""Journeys through Live, Approvals and the audit log, and signing in."""
import tempfile
import unittest

from admin.person import PASSWORD, add_user
from console.case import ConsoleCase


class Watch(ConsoleCase):
    def test_a_denial_is_explained(self):
        self.browse("watch.mjs denyAndExplain")

    def test_the_log_is_filtered_by_what_is_typed(self):
        self.browse("watch.mjs filterTheLog")

    def test_a_filter_is_saved_and_a_time_chosen_on_the_chart(self):
        self.browse("watch.mjs saveAndBrush")

    def test_a_session_that_ends_takes_nothing_from_a_form(self):
        self.browse("watch.mjs endOfSession", again=self.world.code())

    def test_the_log_is_exported_and_verified(self):
        text = self.browse("watch.mjs exportAndVerify")
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write(text)
            file.flush()
            done = self.world.gateway.run("audit", "verify", file.name, "--key", str(self.world.gateway.state / "keys/audit.pub"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_signing_in_keeps_the_address_and_a_viewer_only_looks(self):
        add_user(self.world.gateway, "vera", "viewer")
        self.addCleanup(self.world.gateway.run, "user", "remove", "vera")
        spent = self.world.code()
        self.world.local.post("/api/v1/session", {"code": spent})
        self.browse("watch.mjs signIn", anonymous=True, password=PASSWORD, spent=spent)


class Approvals(ConsoleCase):
    def test_calls_are_approved_and_denied(self):
        denied = self.world.wait_for_people("support-agent", "delete_customer", {"customer": "cus_1"})
        refund, removal = self.world.held[:2]
        self.browse("watch.mjs approveAndDeny")
        for call in (refund, removal):
            self.assertNotIn("isError", call.result(20).result)
        self.assertIn("Customers stay.", denied.result(20).text)
        self.assertEqual([seen.params["name"] for seen in self.world.payments.calls() if seen.params["name"] == "delete_customer"],
                         ["delete_customer"])


class Revoking(ConsoleCase):
    def test_a_grant_is_revoked_while_its_agent_is_at_work(self):
        agent = self.world.client("nightly-report")
        self.browse("watch.mjs revokeGrant")
        self.assertEqual(agent.call("list_charges", {}).status, 401)


class Keyboard(ConsoleCase):
    def test_approvals_and_the_log_by_keyboard_alone(self):
        self.browse("watch.mjs byKeyboard")


if __name__ == "__main__":
    unittest.main()
