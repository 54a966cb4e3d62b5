"""Every page that the browser looks at: name, path, and what its heading says. `{denied}` and the like are ids of World."""

PAGES = [
    ("overview", "/", "Overview"),
    ("overview-30d", "/?span=30d", "Overview"),
    ("approvals", "/approvals", "Approvals"),
    ("approval", "/approvals/{approval}", "Approval"),
    ("approvals-history", "/approvals?tab=history", "Approvals"),
    ("approvals-rules", "/approvals?tab=rules", "Approvals"),
    ("live", "/live", "Live"),
    ("audit", "/audit", "Audit log"),
    ("audit-denied", "/audit/{denied}?agent=support-agent", "Audit log"),
    ("audit-would-deny", "/audit/{would_deny}?decision=would_deny", "Audit log"),
    ("audit-nothing", "/audit?agent=support-agent&tool=read_file&decision=denied", "Audit log"),
    ("audit-records", "/audit?of=records", "Audit log"),
    ("about", "/about", "About"),
    ("missing", "/no/such/page", "no such page"),
]
