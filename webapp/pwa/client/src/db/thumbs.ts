/** Small pictures from the server: of last month's photos, and of those that were sent back. */
import { write } from "./open";
import { returnedPictures } from "./returns";
import type { UserDatabase } from "./schema";
import type { Thumb } from "./types";

/** So many pictures of other engineers' rooms are kept besides one's own. */
const MOST_OTHERS = 1_000;

/** The ids of the pictures that the phone has not got: those sent back, mine, then the others'. */
export async function picturesWanted(db: UserDatabase): Promise<string[]> {
  const [returned, besides, tasks, held] = await Promise.all([
    db.returned_photos.toCollection().primaryKeys(),
    returnedPictures(db),
    db.tasks.toArray(),
    db.thumbs.toCollection().primaryKeys(),
  ]);
  const previous = (mine: boolean) =>
    tasks
      .filter((task) => (task.assignee_id === db.userId) === mine)
      .flatMap((task) => Object.values(task.previous?.photos ?? {}));
  const others = previous(false).slice(0, MOST_OTHERS);
  const known = new Set(held);
  return [...new Set([...returned, ...besides, ...previous(true), ...others])].filter((id) => !known.has(id));
}

/** Keeps pictures by their ids; an empty one notes that the server has none. */
export async function keepThumbs(db: UserDatabase, pictures: [string, Blob][]): Promise<void> {
  const rows: Thumb[] = [];
  // One after the other: to ask for sixteen at once holds a slow phone's frames up.
  for (const [id, blob] of pictures) {
    const buf = await blob.arrayBuffer();
    rows.push({ id, buf, type: blob.type || "image/jpeg", source: "server", absent: blob.size === 0 });
  }
  await write(db, async () => {
    await db.thumbs.bulkPut(rows);
  });
}
