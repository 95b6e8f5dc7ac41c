/** What a report waits for: on the phone's home, at the desk, and in notices. */
import type zh from "../zh/blockers";

export default {
  "blocker.todo": "Inspections to do",
  "blocker.revisits": "Second visits due",
  "blocker.unsent": "Unsent on the phone",
  "blocker.photos_missing": "Photos not here yet",
  "blocker.photos_returned": "Returned photos to retake",
  "blocker.answers_returned": "Answers sent back, to be given again",
  "blocker.self_checks": "Rooms to self-check",
  "blocker.peer_checks": "Rooms to peer-check",
  "blocker.pairs": "Double inspections to decide",
  "blocker.photos_unreviewed": "Photos to review",
  "blocker.answers_to_look_at": "Answered, to be looked at again",
  "blocker.quarantine": "Held records",
  "blocker.acceptance": "Final acceptance of the round",
  "blocker.report": "Report to be issued",
} satisfies Record<keyof typeof zh, string>;
