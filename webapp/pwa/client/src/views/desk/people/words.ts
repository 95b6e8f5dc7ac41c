/** Roles in the contract's words (clause 25). */
import { isKey, t } from "../../../i18n";

export const ROLES = ["project_manager", "on_site_engineer", "inspection_engineer", "backup_engineer", "client_it_lead"] as const;

export function roleText(role: string): string {
  const key = `people.role_${role}`;
  return isKey(key) ? t(key) : role;
}
