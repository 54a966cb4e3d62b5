// Counts of calls, as the gateway makes them from its log (docs/api.md, CallCounts).
export interface Counts { allowed: number; denied: number; hidden: number; rate_limited: number; needs_approval: number; would_deny: number; error: number;
  calls: number; refused: number; refused_percent: number }
