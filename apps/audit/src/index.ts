export { composeAudit } from './compose.ts';
export { startAudit, type AuditDeps } from './start-audit.ts';
