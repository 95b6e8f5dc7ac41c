/** What blocks the report, put together by who has to do it. */
import { pickName, t } from "../../../i18n";
import type { IconName } from "../../../ui/icons";
import type { Blocker, BlockerKind } from "./types";

export interface BlockerGroup {
  key: string;
  group: Blocker["group"];
  ownerId: number | null;
  blockers: Blocker[];
  /** How many things altogether. */
  count: number;
}

export const blockerIcons: Record<BlockerKind, IconName> = {
  todo: "list",
  revisits: "repeat",
  unsent: "phone",
  photos_missing: "camera",
  photos_returned: "undo",
  answers_returned: "undo",
  self_checks: "check",
  peer_checks: "checkAll",
  pairs: "copy",
  photos_unreviewed: "image",
  answers_to_look_at: "eye",
  quarantine: "quarantine",
  acceptance: "shield",
  report: "note",
};

// Who can do something at once comes first; whose turn comes last, last.
const RANKS: Record<Blocker["group"], number> = { reviewers: 0, unassigned: 1, person: 2, peers: 3, acceptors: 4 };

/** The supervisors first, then what nobody has, then the people with the most to do, in the end who accepts. */
export function blockerGroups(blockers: Blocker[]): BlockerGroup[] {
  const groups = new Map<string, BlockerGroup>();
  for (const blocker of blockers) {
    const key = blocker.group === "person" ? String(blocker.owner_id) : blocker.group;
    const group = groups.get(key) ?? { key, group: blocker.group, ownerId: blocker.owner_id, blockers: [], count: 0 };
    group.blockers.push(blocker);
    group.count += blocker.count;
    groups.set(key, group);
  }
  return [...groups.values()].sort(
    (one, other) => RANKS[one.group] - RANKS[other.group] || other.count - one.count,
  );
}

/** The name over a group: its person's, or what those are called who may do it. */
export function groupName({ group, blockers: [first] }: BlockerGroup): string {
  if (group === "person") return pickName(first.owner_name, first.owner_name_en);
  return t(`owner.${group}`);
}
