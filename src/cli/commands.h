#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorward::cli {

class Session;

/// One function a group of commands: each adds its subcommands to the application. The session outlives it.
void add_version_command(CLI::App& app, Session& session);
void add_config_commands(CLI::App& app, Session& session);
void add_policy_commands(CLI::App& app, Session& session);
void add_policy_management(CLI::App& policy, Session& session);  ///< `policy` is the group
void add_policy_effect(CLI::App& policy, Session& session);      ///< the same: simulate, suggest
void add_policy_text(CLI::App& policy, Session& session);        ///< the same: test, fmt, diff
void add_explain_command(CLI::App& app, Session& session);
void add_allow_command(CLI::App& app, Session& session);
void add_top_command(CLI::App& app, Session& session);
void add_bug_report_command(CLI::App& app, Session& session);
void add_grant_can(CLI::App& grant, Session& session);  ///< `grant` is the group
void add_server_commands(CLI::App& app, Session& session);
void add_review_command(CLI::App& server, Session& session);  ///< `server` is the group
void add_agent_commands(CLI::App& app, Session& session);
void add_grant_commands(CLI::App& app, Session& session);
void add_approval_commands(CLI::App& app, Session& session);
void add_secret_commands(CLI::App& app, Session& session);
void add_account_commands(CLI::App& app, Session& session);
void add_user_commands(CLI::App& app, Session& session);
void add_token_commands(CLI::App& app, Session& session);
void add_session_commands(CLI::App& app, Session& session);
void add_notify_commands(CLI::App& app, Session& session);
void add_catalogue_commands(CLI::App& app, Session& session);
void add_init_commands(CLI::App& app, Session& session);
void add_client_commands(CLI::App& app, Session& session);
void add_scan_command(CLI::App& app, Session& session);
void add_precheck_command(CLI::App& app, Session& session);
void add_coverage_command(CLI::App& app, Session& session);
void add_connect_commands(CLI::App& app, Session& session);
void add_demo_command(CLI::App& app, Session& session);
void add_ui_command(CLI::App& app, Session& session);
void add_run_command(CLI::App& app, Session& session);
void add_status_commands(CLI::App& app, Session& session);
void add_doctor_command(CLI::App& app, Session& session);
void add_serve_commands(CLI::App& app, Session& session);
void add_shell_commands(CLI::App& app, Session& session);
/// Answers the hidden command `complete`, which shells ask: the shell's name and the words of the line.
void answer_completion(const CLI::App& app, const std::vector<std::string>& words);
void add_log_commands(CLI::App& app, Session& session);
void add_audit_commands(CLI::App& app, Session& session);
void add_backup_commands(CLI::App& app, Session& session);
void add_evidence_commands(CLI::App& audit, Session& session);  ///< `audit` is the group

}  // namespace doorward::cli
