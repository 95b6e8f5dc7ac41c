/** What blocks the report, put together by who has to do it. */
import type { Blocker } from "./types";

export interface BlockerGroup {
  key: string;
  /** `null`: the supervisors; 0: nobody yet. */
  ownerId: number | null;
  name: string;
  nameEn: string;
  blockers: Blocker[];
}

/** The supervisors first, then rooms that nobody has, then the engineers with the most to do. */
export function blockerGroups(blockers: Blocker[]): BlockerGroup[] {
  const groups = new Map<string, BlockerGroup>();
  for (const blocker of blockers) {
    // A room without an engineer is nobody's yet; everything else without an owner is a supervisor's.
    const nobody = blocker.owner_id === null && blocker.kind === "todo";
    const key = nobody ? "nobody" : String(blocker.owner_id ?? "supervisors");
    const group = groups.get(key) ?? {
      key,
      ownerId: nobody ? 0 : blocker.owner_id,
      name: blocker.owner_name,
      nameEn: blocker.owner_name_en,
      blockers: [],
    };
    group.blockers.push(blocker);
    groups.set(key, group);
  }
  return [...groups.values()].sort((one, other) => rank(one) - rank(other) || sum(other) - sum(one));
}

function rank(group: BlockerGroup): number {
  if (group.ownerId === null) return 0;
  return group.ownerId === 0 ? 1 : 2;
}

function sum(group: BlockerGroup): number {
  return group.blockers.reduce((total, blocker) => total + blocker.count, 0);
}
